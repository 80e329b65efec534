import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import {
  globalPosition,
  partOf,
  type Checkpoint,
  type GlobalPosition,
  type RecordedEvent,
} from '../../../index.ts'
import type { EventStoreRule } from './contract-stores.ts'
import { anyAccount, anyAccountant, deposits, hired, noted, opened } from './contract-events.ts'
import { eventsOf, idsOf, pagesOf, range } from './reading.ts'

const SOON_MS = 100

/** Reading the whole log, to an end. */
export function addLogRules(rule: EventStoreRule): void {
  rule('reads the events of all streams in the order of their appends', async ({ store }) => {
    const after = await store.head()
    const [one, other] = [anyAccount(), anyAccountant()]
    await store.append(one, deposits(2), { expectedVersion: 0 })
    await store.append(other, [hired('Bob')], { expectedVersion: 0 })
    await store.append(one, deposits(1), { expectedVersion: 2 })

    const events = await eventsOf(store.readAll({ after }))

    assert.deepEqual(
      events.map(({ streamId, version }) => [streamId, version]),
      [
        [one, 1],
        [one, 2],
        [other, 1],
        [one, 3],
      ],
    )
    assert.ok(risesStrictly(events))
  })

  rule('reads the log from its beginning when no checkpoint is given', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(1), { expectedVersion: 0 })

    const events = await eventsOf(store.readAll({ pageSize: 10_000 }))

    assert.equal(events.at(-1)?.streamId, account)
    assert.ok(risesStrictly(events))
  })

  rule('reads the log after a checkpoint, without the event there', async ({ store }) => {
    const account = anyAccount()
    const { positions } = await store.append(account, deposits(5), { expectedVersion: 0 })
    const all = await eventsOf(store.readStream(account))

    const events = await eventsOf(store.readAll({ after: checkpointOf(all[1]) }))

    assert.deepEqual(positionsOf(events), positions.slice(2))
  })

  rule('reads the log until a position, with the event there', async ({ store }) => {
    const after = await store.head()
    const { positions } = await store.append(anyAccount(), deposits(5), { expectedVersion: 0 })

    const pages = await pagesOf(store.readAll({ after, until: positions[2] }))

    assert.deepEqual(positionsOf(pages.flatMap(({ events }) => events)), positions.slice(0, 3))
    assert.equal(pages.at(-1)?.through.position, positions[2])
  })

  rule('reads the same log in pages of any size', async ({ store }) => {
    const after = await store.head()
    const { positions } = await store.append(anyAccount(), deposits(6), { expectedVersion: 0 })

    const reads = await Promise.all(
      range(1, 7).map((pageSize) => pagesOf(store.readAll({ after, pageSize }))),
    )

    assert.deepEqual(
      reads.map((pages) => positionsOf(pages.flatMap(({ events }) => events))),
      range(1, 7).map(() => positions),
    )
    assert.deepEqual(
      reads.map((pages) => pages[0]?.events.length),
      [1, 2, 3, 4, 5, 6, 6],
    )
  })

  rule('looks through to the last event of each full page, then to the end', async ({ store }) => {
    const after = await store.head()
    await store.append(anyAccount(), deposits(5), { expectedVersion: 0 })
    const events = await eventsOf(store.readAll({ after }))

    const pages = await pagesOf(store.readAll({ after, pageSize: 2 }))

    assert.deepEqual(
      pages.map(({ through }) => through),
      [events[1], events[3], events[4]].map(checkpointOf),
    )
  })

  rule('goes on after the checkpoint of any page without loss or repetition', async ({ store }) => {
    const after = await store.head()
    const { positions } = await store.append(anyAccount(), deposits(7), { expectedVersion: 0 })
    const pages = await pagesOf(store.readAll({ after, pageSize: 3 }))

    const rests = await Promise.all(
      pages.map(({ through }) => eventsOf(store.readAll({ after: through }))),
    )

    assert.deepEqual(rests.map(positionsOf), [positions.slice(3), positions.slice(6), []])
  })

  rule('gives no page when nothing stands after the checkpoint', async ({ store }) => {
    await store.append(anyAccount(), deposits(1), { expectedVersion: 0 })

    const pages = await pagesOf(store.readAll({ after: await store.head() }))

    assert.deepEqual(pages, [])
  })

  rule('reads only events of the given types', async ({ store }) => {
    const after = await store.head()
    const account = anyAccount()
    await store.append(account, [opened('Ada'), ...deposits(2), noted('x')], { expectedVersion: 0 })
    await store.append(anyAccountant(), [hired('Bob')], { expectedVersion: 0 })

    const types = ['AccountOpened', 'AccountantHired', 'NeverDeclared']
    const events = await eventsOf(store.readAll({ after, types, pageSize: 1 }))

    assert.deepEqual(
      events.map(({ type }) => type),
      ['AccountOpened', 'AccountantHired'],
    )
  })

  rule('reads only events of the given categories, and not of similar ones', async ({ store }) => {
    const after = await store.head()
    const [account, accountant] = [anyAccount(), anyAccountant()]
    await store.append(accountant, [hired('Bob')], { expectedVersion: 0 })
    await store.append(account, [opened('Ada')], { expectedVersion: 0 })

    const accounts = await eventsOf(store.readAll({ after, categories: ['account'] }))
    const both = await eventsOf(store.readAll({ after, categories: ['accountant', 'account'] }))

    assert.deepEqual(
      accounts.map(({ streamId }) => streamId),
      [account],
    )
    assert.deepEqual(
      both.map(({ streamId }) => streamId),
      [accountant, account],
    )
  })

  rule('reads only events of streams in the given parts', async ({ store }) => {
    const after = await store.head()
    for (let streams = 0; streams < 20; streams++)
      await store.append(anyAccount(), deposits(2), { expectedVersion: 0 })
    const all = await eventsOf(store.readAll({ after }))
    const read = async (parts: readonly number[]) =>
      eventsOf(store.readAll({ after, partition: { count: 3, parts }, pageSize: 3 }))

    const [one, others] = [await read([1]), await read([0, 2])]

    const isOfOne = ({ streamId }: RecordedEvent): boolean => partOf(streamId, 3) === 1
    assert.deepEqual(idsOf(one), idsOf(all.filter(isOfOne)))
    assert.deepEqual(idsOf(others), idsOf(all.filter((event) => !isOfOne(event))))
  })

  rule('refuses parts that there are none of', async ({ store }) => {
    for (const partition of [
      { count: 0, parts: [0] },
      { count: 65, parts: [0] },
      { count: 2, parts: [2] },
      { count: 2, parts: [0.5] },
      { count: 2, parts: [] },
    ])
      await assert.rejects(eventsOf(store.readAll({ partition })), RangeError)
  })

  rule('reads only events that match both types and categories', async ({ store }) => {
    const after = await store.head()
    await store.append(anyAccountant(), [hired('Bob')], { expectedVersion: 0 })
    await store.append(anyAccount(), [opened('Ada')], { expectedVersion: 0 })

    const events = await eventsOf(
      store.readAll({ after, types: ['AccountantHired'], categories: ['account'] }),
    )

    assert.deepEqual(events, [])
  })

  rule('moves through to the end of the log when nothing matches', async ({ store }) => {
    const after = await store.head()
    await store.append(anyAccount(), deposits(5), { expectedVersion: 0 })

    const pages = await pagesOf(store.readAll({ after, types: ['AccountantHired'], pageSize: 2 }))

    assert.deepEqual(
      pages.flatMap(({ events }) => events),
      [],
    )
    assert.deepEqual(pages.at(-1)?.through, await store.head())
  })

  rule('moves through to the end of the log after the last match', async ({ store }) => {
    const after = await store.head()
    const batch = [opened('Ada'), ...deposits(3)]
    await store.append(anyAccount(), batch, { expectedVersion: 0 })

    const pages = await pagesOf(store.readAll({ after, types: ['AccountOpened'], pageSize: 1 }))

    assert.equal(pages.flatMap(({ events }) => events).length, 1)
    assert.deepEqual(pages.at(-1)?.through, await store.head())
  })

  rule('moves through no further than until when nothing matches', async ({ store }) => {
    const after = await store.head()
    const { positions } = await store.append(anyAccount(), deposits(5), { expectedVersion: 0 })
    const until = positions[3]

    const pages = await pagesOf(store.readAll({ after, until, types: ['AccountantHired'] }))

    assert.equal(pages.at(-1)?.through.position, until)
  })

  rule('never lets through fall back behind the checkpoint', async ({ store }) => {
    const { positions } = await store.append(anyAccount(), deposits(5), { expectedVersion: 0 })
    const after = await store.head()

    const pages = await pagesOf(store.readAll({ after, until: positions[1] }))

    assert.deepEqual(pages, [])
  })

  rule('waits until the log has reached the position to read until', async ({ store }) => {
    const after = await store.head()
    const until = globalPosition((after?.position ?? 0n) + 2n)
    let isOver = false
    const read = eventsOf(store.readAll({ after, until })).finally(() => (isOver = true))
    await delay(SOON_MS)
    const wasOver = isOver

    const { positions } = await store.append(anyAccount(), deposits(3), { expectedVersion: 0 })

    assert.equal(wasOver, false)
    assert.deepEqual(
      positionsOf(await read),
      positions.filter((position) => position <= until),
    )
  })

  rule('ends a read that waits with the reason of its signal', async ({ store }) => {
    const after = await store.head()
    const until = globalPosition((after?.position ?? 0n) + 1_000_000n)
    const stop = new AbortController()
    const read = eventsOf(store.readAll({ after, until, signal: stop.signal }))

    setTimeout(() => {
      stop.abort(new Error('enough'))
    }, SOON_MS)

    await assert.rejects(read, { message: 'enough' })
  })

  rule('refuses a checkpoint whose event is another one', async ({ store }) => {
    await store.append(anyAccount(), deposits(1), { expectedVersion: 0 })
    const head = await store.head()
    const foreign = { position: globalPosition(head?.position ?? 0n), eventId: randomUUID() }

    const read = eventsOf(store.readAll({ after: foreign }))

    await assert.rejects(read, { code: 'STORE_REWOUND', checkpoint: foreign, head })
  })

  rule('refuses a checkpoint beyond the end of the log', async ({ store }) => {
    await store.append(anyAccount(), deposits(1), { expectedVersion: 0 })
    const head = await store.head()
    const beyond = {
      position: globalPosition((head?.position ?? 0n) + 1_000_000n),
      eventId: head?.eventId ?? '',
    }

    const read = eventsOf(store.readAll({ after: beyond }))

    await assert.rejects(read, { code: 'STORE_REWOUND', checkpoint: beyond, head })
  })

  rule('reads the ids that the appended events got', async ({ store }) => {
    const after = await store.head()
    const account = anyAccount()
    await store.append(account, deposits(3), { expectedVersion: 0 })

    const events = await eventsOf(store.readAll({ after }))

    assert.deepEqual(idsOf(events), idsOf(await eventsOf(store.readStream(account))))
  })
}

const checkpointOf = (event: RecordedEvent | undefined): Checkpoint | undefined =>
  event && { position: event.position, eventId: event.id }

const positionsOf = (events: readonly RecordedEvent[]): readonly GlobalPosition[] =>
  events.map(({ position }) => position)

const risesStrictly = (events: readonly RecordedEvent[]): boolean =>
  events.every(
    ({ position }, index) => index === 0 || position > (events[index - 1]?.position ?? 0n),
  )

const delay = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
