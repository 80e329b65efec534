import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import {
  globalPosition,
  parseStreamId,
  streamId,
  type EventStore,
  type GlobalPosition,
  type StreamId,
} from '../../../index.ts'
import type { EventStoreRule } from './contract-stores.ts'
import { anyAccount, anyAccountant, deposits, hired, opened } from './contract-events.ts'
import { eventsOf, range } from './reading.ts'

/** Where the log ends, what it holds, and which streams there are. */
export function addLookupRules(rule: EventStoreRule): void {
  rule('gives the last event as the head of the log', async ({ store }) => {
    const account = anyAccount()
    const { position } = await store.append(account, deposits(3), { expectedVersion: 0 })

    const head = await store.head()

    const last = (await eventsOf(store.readStream(account))).at(-1)
    assert.deepEqual(head, { position, eventId: last?.id })
  })

  rule('contains the checkpoints of its events', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(2), { expectedVersion: 0 })
    const events = await eventsOf(store.readStream(account))

    const answers = await Promise.all(
      events.map(({ position, id }) => store.contains({ position, eventId: id })),
    )

    assert.deepEqual(answers, [true, true])
  })

  rule('does not contain a checkpoint with another event', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(2), { expectedVersion: 0 })
    const [first, second] = await eventsOf(store.readStream(account))

    const swapped = await store.contains({
      position: globalPosition(first?.position ?? 0n),
      eventId: second?.id ?? '',
    })
    const foreign = await store.contains({
      position: globalPosition(first?.position ?? 0n),
      eventId: randomUUID(),
    })

    assert.deepEqual([swapped, foreign], [false, false])
  })

  rule('contains no checkpoint with an id that no event can have', async ({ store }) => {
    const account = anyAccount()
    const { position } = await store.append(account, deposits(1), { expectedVersion: 0 })
    assert.ok(position !== undefined)

    const answers = await Promise.all(
      UNUSUAL.map((eventId) => store.contains({ position, eventId })),
    )

    assert.deepEqual(
      answers,
      UNUSUAL.map(() => false),
    )
  })

  rule('finds no command under a text that no command can have as its id', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(1), { expectedVersion: 0, commandId: 'a\ufffd' })

    const found = await Promise.all(UNUSUAL.map((id) => store.findCommand(account, id)))

    assert.deepEqual(
      found,
      UNUSUAL.map(() => undefined),
    )
  })

  rule('finds nothing under names that nothing can have', async ({ store }) => {
    const after = await store.head()
    await store.append(anyAccount(), deposits(1), { expectedVersion: 0 })

    const events = await Promise.all([
      eventsOf(store.readAll({ after, types: UNUSUAL })),
      eventsOf(store.readAll({ after, categories: UNUSUAL })),
    ])
    const streams = await Promise.all(
      UNUSUAL.map((category) => firstPages(store.streams(category), Infinity)),
    )

    assert.deepEqual(events, [[], []])
    assert.deepEqual(
      streams,
      UNUSUAL.map(() => []),
    )
  })

  rule(
    'does not contain a checkpoint beyond its end or before its beginning',
    async ({ store }) => {
      await store.append(anyAccount(), deposits(1), { expectedVersion: 0 })
      const head = await store.head()
      const eventId = head?.eventId ?? ''

      const beyond = await store.contains({
        position: globalPosition((head?.position ?? 0n) + 1_000_000n),
        eventId,
      })
      const before = await store.contains({ position: globalPosition(0), eventId })

      assert.deepEqual([beyond, before], [false, false])
    },
  )

  rule('lists the streams of a category in the order of their UTF-8 bytes', async ({ store }) => {
    const prefix = randomUUID()
    const names = ['Z', 'a', 'a-b', 'aa', 'é', '你', '\uffee', '😀']
    await openAll(
      store,
      names.toReversed().map((name) => streamId('account', `${prefix}-${name}`)),
    )

    const listed = await accountsWith(store, prefix, 3)

    assert.deepEqual(
      listed,
      names.map((name) => `account-${prefix}-${name}`),
    )
  })

  rule('lists each stream once in pages of any size', async ({ store }) => {
    const prefix = randomUUID()
    const ids = range(11, 17).map((number) => streamId('account', `${prefix}-${number}`))
    await openAll(store, ids)
    await store.append(ids[0] as StreamId, deposits(2), { expectedVersion: 1 })

    const lists = await Promise.all(range(1, 8).map((size) => accountsWith(store, prefix, size)))

    assert.deepEqual(
      lists,
      range(1, 8).map(() => ids),
    )
  })

  rule('lists the streams after a given one', async ({ store }) => {
    const prefix = randomUUID()
    const ids = range(11, 14).map((number) => streamId('account', `${prefix}-${number}`))
    await openAll(store, ids)

    const [page] = await firstPages(store.streams('account', { after: ids[1], pageSize: 2 }))

    assert.deepEqual(page, ids.slice(2))
  })

  rule('lists no streams of similar categories', async ({ store }) => {
    const accountant = anyAccountant()
    await store.append(accountant, [hired('Bob')], { expectedVersion: 0 })
    await store.append(anyAccount(), [opened('Ada')], { expectedVersion: 0 })

    const pages = await firstPages(store.streams('account'), Infinity)

    assert.deepEqual(
      pages.flat().filter((id) => !id.startsWith('account-')),
      [],
    )
  })

  rule('lists no streams of a category that was never written', async ({ store }) => {
    const pages = await firstPages(store.streams('ledger'), Infinity)

    assert.deepEqual(pages, [])
  })

  rule('lists no streams whose appends were refused', async ({ store }) => {
    const prefix = randomUUID()
    const refused = streamId('account', `${prefix}-1`)
    const append = store.append(refused, deposits(1), { expectedVersion: 4 })
    await assert.rejects(append, { code: 'WRONG_EXPECTED_VERSION' })
    await store.append(refused, [], { expectedVersion: 0 })

    const listed = await accountsWith(store, prefix, 10)

    assert.deepEqual(listed, [])
  })

  rule('lists no stream of another category, wherever it begins', async ({ store }) => {
    await openAll(store, [anyAccount()])

    const [first = []] = await firstPages(
      store.streams('accountant', { after: parseStreamId('account-0'), pageSize: 3 }),
    )

    assert.deepEqual(
      first.filter((id) => !id.startsWith('accountant-')),
      [],
    )
  })

  rule('ends a look-up with the reason of its signal', async ({ store }) => {
    const signal = AbortSignal.abort(new Error('Enough.'))
    const account = anyAccount()
    const { position } = await store.append(account, [opened('Ada')], { expectedVersion: 0 })
    const [event] = await eventsOf(store.readStream(account))
    const checkpoint = { position: position as GlobalPosition, eventId: event?.id ?? '' }

    const lookUps = await Promise.allSettled([
      store.head({ signal }),
      store.contains(checkpoint, { signal }),
      store.findCommand(account, 'any', { signal }),
      firstPages(store.streams('account', { signal })),
      firstPages(store.readStream(account, { signal })),
    ])

    for (const lookUp of lookUps)
      assert.equal(lookUp.status === 'rejected' && (lookUp.reason as Error).message, 'Enough.')
  })
}

/** No UUIDs, and three of them no text that a database keeps: half of a surrogate pair is sent as U+FFFD. */
const UNUSUAL = ['', 'no-uuid', '\u0000', 'a\u0000b', 'a\ud800'] as const

async function openAll(store: EventStore, ids: readonly StreamId[]): Promise<void> {
  for (const id of ids) await store.append(id, [opened('Ada')], { expectedVersion: 0 })
}

/** The accounts whose ids begin with `prefix-`, as `streams` lists them. */
async function accountsWith(
  store: EventStore,
  prefix: string,
  pageSize: number,
): Promise<readonly StreamId[]> {
  const listed: StreamId[] = []
  const after = parseStreamId(`account-${prefix}-`)
  for await (const page of store.streams('account', { after, pageSize })) {
    const mine = page.filter((id) => id.startsWith(`account-${prefix}-`))
    listed.push(...mine)
    if (mine.length < page.length) break
  }
  return listed
}

async function firstPages<Page>(pages: AsyncIterable<Page>, count = 1): Promise<readonly Page[]> {
  const first: Page[] = []
  for await (const page of pages) {
    first.push(page)
    if (first.length >= count) break
  }
  return first
}
