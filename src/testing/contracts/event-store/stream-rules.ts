import assert from 'node:assert/strict'
import type { EventStoreRule } from './contract-stores.ts'
import { anyAccount, deposited, deposits } from './contract-events.ts'
import { eventsOf, idsOf, pagesOf, range, versionsOf } from './reading.ts'

/** Reading one stream. */
export function addStreamRules(rule: EventStoreRule): void {
  rule('gives an unwritten stream as one page without events', async ({ store }) => {
    const pages = await pagesOf(store.readStream(anyAccount()))

    assert.deepEqual(pages, [{ events: [], version: 0 }])
  })

  rule('gives an unwritten stream backwards as one page without events', async ({ store }) => {
    const pages = await pagesOf(
      store.readStream(anyAccount(), { direction: 'backwards', fromVersion: 2, toVersion: 5 }),
    )

    assert.deepEqual(pages, [{ events: [], version: 0 }])
  })

  rule('reads what was just appended', async ({ store, older }) => {
    const account = anyAccount()
    const { positions } = await store.append(account, deposits(2), { expectedVersion: 0 })

    const events = await eventsOf(store.readStream(account))

    assert.deepEqual(
      events.map(({ streamId, version, position, type, data }) => ({
        streamId,
        version,
        position,
        type,
        data,
      })),
      [1, 2].map((version) => ({
        streamId: account,
        version,
        position: positions[version - 1],
        type: 'MoneyDeposited',
        data: { cents: version },
      })),
    )
    assert.deepEqual(await pagesOf(older.readStream(anyAccount())), [{ events: [], version: 0 }])
  })

  rule('reads a stream between versions, both included', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(9), { expectedVersion: 'no-stream' })

    const events = await eventsOf(store.readStream(account, { fromVersion: 3, toVersion: 6 }))

    assert.deepEqual(versionsOf(events), range(3, 6))
  })

  rule('reads a stream backwards from toVersion down to fromVersion', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(9), { expectedVersion: 'no-stream' })

    const events = await eventsOf(
      store.readStream(account, { direction: 'backwards', fromVersion: 3, toVersion: 6 }),
    )

    assert.deepEqual(versionsOf(events), range(6, 3))
  })

  rule('reads a stream backwards from its end', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(5), { expectedVersion: 'no-stream' })

    const events = await eventsOf(store.readStream(account, { direction: 'backwards' }))

    assert.deepEqual(versionsOf(events), range(5, 1))
  })

  rule('reads no more than maxCount events, whatever the page size', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(9), { expectedVersion: 'no-stream' })

    const first = await eventsOf(store.readStream(account, { maxCount: 5, pageSize: 2 }))
    const last = await eventsOf(
      store.readStream(account, { maxCount: 5, pageSize: 2, direction: 'backwards' }),
    )

    assert.deepEqual(versionsOf(first), range(1, 5))
    assert.deepEqual(versionsOf(last), range(9, 5))
  })

  rule('gives no events beyond the end of a stream', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(3), { expectedVersion: 'no-stream' })

    const beyond = await pagesOf(store.readStream(account, { fromVersion: 4, toVersion: 9 }))
    const across = await eventsOf(store.readStream(account, { fromVersion: 3, toVersion: 9 }))
    const nothing = await eventsOf(store.readStream(account, { fromVersion: 3, toVersion: 2 }))

    assert.deepEqual(beyond, [{ events: [], version: 3 }])
    assert.deepEqual(versionsOf(across), [3])
    assert.deepEqual(nothing, [])
  })

  rule('reads the same stream in pages of any size', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(6), { expectedVersion: 'no-stream' })

    const reads = await Promise.all(
      range(1, 7).map((pageSize) => eventsOf(store.readStream(account, { pageSize }))),
    )
    const backwards = await Promise.all(
      range(1, 7).map((pageSize) =>
        eventsOf(store.readStream(account, { pageSize, direction: 'backwards' })),
      ),
    )

    assert.deepEqual(
      reads.map(versionsOf),
      range(1, 7).map(() => range(1, 6)),
    )
    assert.deepEqual(
      backwards.map(versionsOf),
      range(1, 7).map(() => range(6, 1)),
    )
  })

  rule('gives pages of pageSize events and no empty one after them', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(6), { expectedVersion: 'no-stream' })

    const pages = await pagesOf(store.readStream(account, { pageSize: 2 }))

    assert.deepEqual(
      pages.map(({ events }) => versionsOf(events)),
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    )
  })

  rule('tells the version of the whole stream with each page', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(6), { expectedVersion: 'no-stream' })

    const pages = await pagesOf(store.readStream(account, { toVersion: 4, pageSize: 3 }))

    assert.deepEqual(
      pages.map(({ version }) => version),
      [6, 6],
    )
  })

  rule('reads a stream longer than two default pages, both ways', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(4500), { expectedVersion: 'no-stream' })

    const forwards = await eventsOf(store.readStream(account))
    const backwards = await eventsOf(store.readStream(account, { direction: 'backwards' }))

    assert.deepEqual(versionsOf(forwards), range(1, 4500))
    assert.deepEqual(idsOf(backwards), idsOf(forwards.toReversed()))
    assert.deepEqual(forwards[4321]?.data, { cents: 4322 })
  })

  rule('keeps other streams out', async ({ store }) => {
    const [one, other] = [anyAccount(), anyAccount()]
    await store.append(one, deposits(2), { expectedVersion: 0 })
    await store.append(other, deposits(2), { expectedVersion: 0 })
    await store.append(one, [deposited(3)], { expectedVersion: 2 })

    const events = await eventsOf(store.readStream(one))

    assert.deepEqual(
      events.map(({ streamId }) => streamId),
      [one, one, one],
    )
    assert.deepEqual(versionsOf(events), [1, 2, 3])
  })

  rule('stops reading a stream with the reason of its signal', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(2), { expectedVersion: 0 })
    const signal = AbortSignal.abort(new Error('enough'))

    const read = eventsOf(store.readStream(account, { signal }))

    await assert.rejects(read, { message: 'enough' })
  })
}
