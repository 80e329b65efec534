import assert from 'node:assert/strict'
import type {
  Checkpoint,
  EventStore,
  GlobalPosition,
  RecordedEvent,
  StreamId,
} from '../../../index.ts'
import type { EventStoreRule } from './contract-stores.ts'
import { anyAccount, deposited, opened } from './contract-events.ts'
import { eventsOf, range, versionsOf } from './reading.ts'

const WRITERS = 8
const TURNS = 25
const LAST = 'the last event'

/** What holds whatever runs at the same time. */
export function addRaceRules(rule: EventStoreRule): void {
  rule('lets exactly one of twenty racing creators win', async ({ store, older }) => {
    const account = anyAccount()
    const creations = range(1, 20).map((turn) =>
      (turn % 2 === 0 ? store : older).append(account, [opened(`owner ${turn}`)], {
        expectedVersion: 'no-stream',
      }),
    )

    const outcomes = await Promise.allSettled(creations)

    const losers = outcomes.filter(({ status }) => status === 'rejected')
    assert.equal(losers.length, 19)
    assert.deepEqual(new Set(losers.map(codeOf)), new Set(['WRONG_EXPECTED_VERSION']))
    assert.deepEqual(versionsOf(await eventsOf(store.readStream(account))), [1])
  })

  rule("numbers the events of racing appenders under 'any' without gaps", async (stores) => {
    const { store, older } = stores
    const account = anyAccount()
    const appends = range(1, 30).map((turn) =>
      (turn % 2 === 0 ? store : older).append(account, [opened('Ada'), opened('Bob')], {
        expectedVersion: 'any',
      }),
    )

    const results = await Promise.all(appends)

    const events = await eventsOf(store.readStream(account))
    assert.deepEqual(versionsOf(events), range(1, 60))
    assert.deepEqual(positionsOf(events), positionsOf(events).toSorted(ascending))
    assert.equal(new Set(results.map(({ version }) => version)).size, 30)
  })

  rule('leaves no gap when racing appenders expect versions and try again', async ({ store }) => {
    const account = anyAccount()

    await Promise.all(range(1, 10).map((cents) => appendAtLast(store, account, cents)))

    const events = await eventsOf(store.readStream(account))
    assert.deepEqual(versionsOf(events), range(1, 10))
    const cents = events.map(({ data }) => (data as { cents: number }).cents)
    assert.deepEqual(new Set(cents), new Set(range(1, 10)))
  })

  rule('shows readAll each event once and in order while eight writers append', async (stores) => {
    const { store, older } = stores
    const after = await store.head()
    const shared = anyAccount()
    const writing = new Writing(WRITERS, () => write(older, shared))

    const read = await readWhile(store, { after, isOver: () => writing.isOver })

    assert.deepEqual(positionsOf(read), (await writing.positions).toSorted(ascending))
    assert.ok(streamsRiseIn(read))
  })

  rule(
    'shows subscribe each event once and in order while eight writers append',
    async (stores) => {
      const { store, older } = stores
      const after = await store.head()
      const shared = anyAccount()
      const writing = new Writing(WRITERS, () => write(older, shared))
      const end = writing.positions.then(() =>
        older.append(anyAccount(), [opened(LAST)], { expectedVersion: 'any' }),
      )

      const seen = await followToLast(store.subscribe({ after, pageSize: 7 }))

      const positions = [...(await writing.positions), ...(await end).positions]
      assert.deepEqual(positionsOf(seen), positions.toSorted(ascending))
      assert.ok(streamsRiseIn(seen))
    },
  )
}

/** Several writers at once, and what they wrote. */
class Writing {
  isOver = false
  readonly positions: Promise<readonly GlobalPosition[]>

  constructor(writers: number, write: () => Promise<readonly GlobalPosition[]>) {
    this.positions = Promise.all(Array.from({ length: writers }, write))
      .then((positions) => positions.flat())
      .finally(() => {
        this.isOver = true
      })
  }
}

/** Appends to a stream of its own and to a shared one; every fifth append is refused. */
async function write(store: EventStore, shared: StreamId): Promise<readonly GlobalPosition[]> {
  const own = anyAccount()
  const positions: GlobalPosition[] = []
  for (const turn of range(0, TURNS - 1)) {
    const mine = await store.append(own, [opened('Ada')], { expectedVersion: turn })
    const ours = await store.append(shared, [opened('Ada'), opened('Bob')], {
      expectedVersion: 'any',
    })
    positions.push(...mine.positions, ...ours.positions)
    if (turn % 5 === 4) {
      const stale = store.append(own, [opened('Ada')], { expectedVersion: 0 })
      await assert.rejects(stale, { code: 'WRONG_EXPECTED_VERSION' })
    }
    await nextTurn()
  }
  return positions
}

async function appendAtLast(store: EventStore, account: StreamId, cents: number): Promise<void> {
  for (;;) {
    let expectedVersion = 0
    for await (const { version } of store.readStream(account)) expectedVersion = version
    const [outcome] = await Promise.allSettled([
      store.append(account, [deposited(cents)], { expectedVersion }),
    ])
    if (outcome.status === 'fulfilled') return
    assert.equal(codeOf(outcome), 'WRONG_EXPECTED_VERSION')
  }
}

/** Reads the log again and again from where it got to, once more after the writers are done. */
async function readWhile(
  store: EventStore,
  options: { readonly after: Checkpoint | undefined; readonly isOver: () => boolean },
): Promise<readonly RecordedEvent[]> {
  const read: RecordedEvent[] = []
  let { after } = options
  let isLast = false
  while (!isLast) {
    isLast = options.isOver()
    for await (const { events, through } of store.readAll({ after, pageSize: 7 })) {
      read.push(...events)
      after = through
    }
    await nextTurn()
  }
  return read
}

async function followToLast(
  pages: AsyncIterable<{ readonly events: readonly RecordedEvent[] }>,
): Promise<readonly RecordedEvent[]> {
  const seen: RecordedEvent[] = []
  for await (const { events } of pages) {
    seen.push(...events)
    if (events.some(({ data }) => (data as { owner: string }).owner === LAST)) break
  }
  return seen
}

function streamsRiseIn(events: readonly RecordedEvent[]): boolean {
  const versions = new Map<StreamId, number>()
  return events.every(({ streamId, version }) => {
    const isNext = version === (versions.get(streamId) ?? 0) + 1
    versions.set(streamId, version)
    return isNext
  })
}

const positionsOf = (events: readonly RecordedEvent[]): readonly GlobalPosition[] =>
  events.map(({ position }) => position)

const ascending = (one: bigint, other: bigint): number => (one < other ? -1 : 1)

const codeOf = (outcome: PromiseSettledResult<unknown>): unknown =>
  outcome.status === 'rejected' ? (outcome.reason as { code?: unknown }).code : undefined

const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })
