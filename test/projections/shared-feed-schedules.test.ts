import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from '@jest/globals'
import type { Checkpoint } from '../../src/event-store/checkpoint.ts'
import type { LogPage } from '../../src/event-store/event-reader.ts'
import { held } from '../../src/event-store/held.ts'
import { StoreRewoundError } from '../../src/event-store/store-rewound-error.ts'
import { isIn } from '../../src/event-store/stream-partition.ts'
import type { WantedPart } from '../../src/projections/lanes/wanted-part.ts'
import type { SharedFeed } from '../../src/projections/lanes/shared-feed.ts'
import { seededRandom, seeds, type SeededRandom } from '../faults/seeded-random.ts'
import { CountedLog } from './shared-feed-fixture.ts'

const CONSUMERS = 8

/** How far consumers read that do not leave before; undefined: not known yet. */
interface End {
  position: bigint | undefined
}

/** What a consumer was given: from where, the events in the order they came, and how far. */
interface Taken {
  readonly after: Checkpoint | undefined
  readonly ids: string[]
  through: Checkpoint | undefined
  readonly wanted: WantedPart
  /** A page that begins before the one in front of it ended, or ends before its own last event. */
  isTorn: boolean
}

let outcomes: Awaited<ReturnType<typeof runSchedule>>[]

beforeAll(async () => {
  outcomes = await Promise.all(seeds(200).map(runSchedule))
}, 120_000)

test('gives consumers that join, leave, stall and read on every event after their checkpoints, in order, once', () => {
  expect(outcomes.length).toBeGreaterThan(0)
  expect(outcomes.filter(({ wrong }) => wrong.length > 0)).toEqual([])
})

test('tells each whose checkpoint is lost so, whatever others read', () => {
  const lost = outcomes.flatMap((outcome) => outcome.lost)

  expect(lost.length).toBeGreaterThanOrEqual(Math.floor(outcomes.length / 4))
  expect(lost.filter((error) => !(error instanceof StoreRewoundError))).toEqual([])
})

test('leaves nothing open when all have left', () => {
  expect(outcomes.filter(({ open }) => open > 0)).toEqual([])
})

async function runSchedule(seed: number) {
  const random = seededRandom(seed)
  const log = new CountedLog(() => pause(random))
  await appendSome(log, random)
  const filter = random.chance(0.5) ? ['Counted'] : undefined
  const pageSize = 1 + random.below(7)
  const feed = log.feed(
    (after, signal, partition) =>
      split(log.store.subscribe({ after, partition, signal, pageSize, types: filter })),
    { queuePages: 1 + random.below(4), patienceMs: 1 + random.below(4) },
  )
  const end: End = { position: undefined }
  const parts = random.chance(0.7)
    ? { wanting: random.chance(0.8) ? 1 : 0.8, count: 2 + random.below(4) }
    : undefined
  const consumers = Array.from({ length: CONSUMERS }, () => {
    const wanted =
      parts && random.chance(parts.wanting)
        ? { count: parts.count, parts: [random.below(parts.count)] }
        : undefined
    return consume({ feed, log, wanted }, random, end)
  })
  for (let left = 10; left > 0; left--) {
    await pause(random)
    await appendSome(log, random)
  }
  end.position = (await log.store.head())?.position
  const taken = await settled(log, Promise.all(consumers))
  const all = await allOf(log, filter)
  const wrong = taken.filter((one) => !(one instanceof Error) && (one.isTorn || !isWhole(one, all)))
  return {
    seed,
    wrong,
    open: log.open,
    lost: taken.filter((one) => one instanceof Error),
  }
}

/** Appends until all is done, so that nobody waits at the end of the log. */
async function settled<Result>(log: CountedLog, coming: Promise<Result>): Promise<Result> {
  const state = { isDone: false }
  const done = held(
    coming.finally(() => {
      state.isDone = true
    }),
  )
  for (let count = 0; !state.isDone; count++)
    await Promise.all([log.append(1, 'Counted', count % 8), sleep(2)])
  return done
}

/** Reads from a random place, at a random pace, perhaps not to the end. */
async function consume(
  {
    feed,
    log,
    wanted,
  }: { readonly feed: SharedFeed; readonly log: CountedLog; readonly wanted: WantedPart },
  random: SeededRandom,
  end: Readonly<End>,
): Promise<Taken | Error> {
  for (let turns = random.below(40); turns > 0; turns--) await turn()
  const head = Number((await log.store.head())?.position)
  const place = await log.at(random.below(head + 1))
  const isLost = place !== undefined && random.chance(0.1)
  const after = isLost ? { ...place, eventId: 'lost' } : place
  const taken: Taken = { after, wanted, ids: [], through: after, isTorn: false }
  const stop = new AbortController()
  const most = random.chance(0.3) ? random.below(12) : Infinity
  let pages = 0
  try {
    for await (const page of feed.pages(after, stop.signal, wanted)) {
      note(taken, page)
      if (++pages > most) break
      if (end.position !== undefined && page.through.position >= end.position) break
      if (random.chance(0.5)) await pause(random)
    }
  } catch (error) {
    if (isLost) return error as Error
    throw error
  }
  return isLost ? new Error('A lost checkpoint was read on from.') : taken
}

function note(taken: Taken, { events, through }: LogPage): void {
  const start = taken.through?.position ?? 0n
  const isBefore = events.some(({ position }) => position <= start || position > through.position)
  if (isBefore || through.position < start) taken.isTorn = true
  taken.ids.push(...events.filter(isWantedBy(taken)).map(nameOf))
  taken.through = through
}

function isWhole(taken: Taken, all: readonly LogPage[]): boolean {
  const { after, ids, through } = taken
  const from = after?.position ?? 0n
  const expected = all
    .flatMap(({ events }) => events)
    .filter(isWantedBy(taken))
    .filter(({ position }) => position > from && position <= (through?.position ?? 0n))
  return JSON.stringify(ids) === JSON.stringify(expected.map(nameOf))
}

/** Pages may hold more than was wanted. */
const isWantedBy =
  ({ wanted }: Taken) =>
  ({ streamId }: LogPage['events'][number]): boolean =>
    wanted === undefined || isIn(wanted, streamId)

const nameOf = ({ id, version }: LogPage['events'][number]): string => `${id}/${version}`

/** Gives every third event in two parts, which share its place: they differ in their version here. */
async function* split(pages: AsyncIterable<LogPage>): AsyncGenerator<LogPage> {
  for await (const { events, through } of pages)
    yield {
      events: events.flatMap((event) =>
        event.position % 3n === 0n ? [event, { ...event, version: -event.version }] : [event],
      ),
      through,
    }
}

async function allOf(
  log: CountedLog,
  types: readonly string[] | undefined,
): Promise<readonly LogPage[]> {
  const pages: LogPage[] = []
  for await (const page of split(log.store.readAll({ types }))) pages.push(page)
  return pages
}

async function appendSome(log: CountedLog, random: SeededRandom): Promise<void> {
  for (let left = random.below(4); left >= 0; left--)
    await log.append(
      1 + random.below(12),
      random.chance(0.4) ? 'Other' : 'Counted',
      random.below(8),
    )
}

/** Nothing, some turns of the event loop, or some milliseconds. */
async function pause(random: SeededRandom): Promise<void> {
  if (random.chance(0.05)) await sleep(1 + random.below(8))
  for (let turns = random.below(4); turns > 0; turns--) await turn()
}
