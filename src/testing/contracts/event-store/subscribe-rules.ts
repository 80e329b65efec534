import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { globalPosition, type LogPage } from '../../../index.ts'
import type { EventStoreRule } from './contract-stores.ts'
import { anyAccount, anyAccountant, deposits, hired, opened } from './contract-events.ts'
import { eventsOf, takeEvents, versionsOf } from './reading.ts'

const WAKES_WITHIN_MS = 1000

/** Following the log. */
export function addSubscribeRules(rule: EventStoreRule): void {
  rule('catches up with the log, then follows it', async ({ store }) => {
    const after = await store.head()
    const account = anyAccount()
    await store.append(account, deposits(3), { expectedVersion: 0 })
    const following = takeEvents(store.subscribe({ after, pageSize: 2 }), 5)
    await delay(50)

    await store.append(account, deposits(2), { expectedVersion: 3 })

    assert.deepEqual(versionsOf(await following), [1, 2, 3, 4, 5])
  })

  rule('hears of an append to the same store within a second', async ({ store }) => {
    const following = takeEvents(store.subscribe({ after: await store.head() }), 1)
    await delay(300)
    const start = performance.now()

    await store.append(anyAccount(), deposits(1), { expectedVersion: 0 })

    await following
    assert.ok(performance.now() - start < WAKES_WITHIN_MS)
  })

  rule('hears of an append by another store within a second', async ({ store, older }) => {
    const following = takeEvents(store.subscribe({ after: await store.head() }), 1)
    await delay(300)
    const start = performance.now()

    await older.append(anyAccount(), [opened('Ada')], { expectedVersion: 0 })

    await following
    assert.ok(performance.now() - start < WAKES_WITHIN_MS)
  })

  rule('follows from the beginning when no checkpoint is given', async ({ store }) => {
    await store.append(anyAccount(), deposits(1), { expectedVersion: 0 })
    const [first] = await eventsOf(store.readAll({ pageSize: 10_000 }))

    const [followed] = await takeEvents(store.subscribe({ pageSize: 1 }), 1)

    assert.equal(followed?.id, first?.id)
  })

  rule('follows only events of the given types and categories', async ({ store }) => {
    const after = await store.head()
    const types = ['AccountOpened', 'AccountantHired']
    const following = takeEvents(store.subscribe({ after, types, categories: ['account'] }), 1)
    await store.append(anyAccountant(), [hired('Bob')], { expectedVersion: 0 })

    await store.append(anyAccount(), [...deposits(2), opened('Ada')], { expectedVersion: 0 })

    const events = await following
    assert.deepEqual(
      events.map(({ type }) => type),
      ['AccountOpened'],
    )
  })

  rule('tells a follower how far the log was looked at when nothing matches', async ({ store }) => {
    const after = await store.head()
    await store.append(anyAccount(), deposits(3), { expectedVersion: 0 })

    const page = await firstPage(store.subscribe({ after, types: ['AccountantHired'] }))

    assert.deepEqual(page, { events: [], through: await store.head() })
  })

  rule('ends a subscription with the reason of its signal', async ({ store }) => {
    const stop = new AbortController()
    const { signal } = stop
    const following = takeEvents(store.subscribe({ after: await store.head(), signal }), 1)
    await delay(50)

    stop.abort(new Error('enough'))

    await assert.rejects(following, { message: 'enough' })
  })

  rule('refuses to follow from a checkpoint that the log does not contain', async ({ store }) => {
    await store.append(anyAccount(), deposits(1), { expectedVersion: 0 })
    const head = await store.head()
    const foreign = { position: globalPosition(head?.position ?? 0n), eventId: randomUUID() }

    const following = takeEvents(store.subscribe({ after: foreign }), 1)

    await assert.rejects(following, { code: 'STORE_REWOUND', checkpoint: foreign })
  })
}

async function firstPage(pages: AsyncIterable<LogPage>): Promise<LogPage | undefined> {
  for await (const page of pages) return page
  return undefined
}

const delay = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
