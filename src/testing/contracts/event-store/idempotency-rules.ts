import assert from 'node:assert/strict'
import type { EventStoreRule } from './contract-stores.ts'
import { anyAccount, deposited, deposits, opened, withIds } from './contract-events.ts'
import { eventsOf, idsOf, versionsOf } from './reading.ts'

/** The same event ids at the same place are the same append. */
export function addIdempotencyRules(rule: EventStoreRule): void {
  rule('answers a repeated append under a number with the first outcome', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, [opened('Ada')], { expectedVersion: 'no-stream' })
    const batch = withIds(deposits(2))
    const first = await store.append(account, batch, { expectedVersion: 1 })

    const second = await store.append(account, batch, { expectedVersion: 1 })

    assert.deepEqual(second, first)
    assert.deepEqual(versionsOf(await eventsOf(store.readStream(account))), [1, 2, 3])
  })

  rule("answers a repeated append under 'no-stream' with the first outcome", async ({ store }) => {
    const account = anyAccount()
    const batch = withIds(deposits(2))
    const first = await store.append(account, batch, { expectedVersion: 'no-stream' })

    const second = await store.append(account, batch, { expectedVersion: 'no-stream' })

    assert.deepEqual(second, first)
    assert.deepEqual(versionsOf(await eventsOf(store.readStream(account))), [1, 2])
  })

  rule('knows a repeated append under a number on a stream that has grown', async ({ store }) => {
    const account = anyAccount()
    const batch = withIds(deposits(2))
    const first = await store.append(account, batch, { expectedVersion: 0 })
    await store.append(account, deposits(3), { expectedVersion: 2 })

    const second = await store.append(account, batch, { expectedVersion: 0 })

    assert.deepEqual(second, first)
    assert.equal((await eventsOf(store.readStream(account))).length, 5)
  })

  rule(
    "knows a repeated append under 'no-stream' on a stream that has grown",
    async ({ store }) => {
      const account = anyAccount()
      const batch = withIds(deposits(2))
      const first = await store.append(account, batch, { expectedVersion: 'no-stream' })
      await store.append(account, deposits(3), { expectedVersion: 2 })

      const second = await store.append(account, batch, { expectedVersion: 'no-stream' })

      assert.deepEqual(second, first)
      assert.equal((await eventsOf(store.readStream(account))).length, 5)
    },
  )

  rule('says when only some of the ids are there already', async ({ store }) => {
    const account = anyAccount()
    const batch = withIds(deposits(3))
    await store.append(account, batch.slice(0, 2), { expectedVersion: 'no-stream' })

    const append = store.append(account, batch, { expectedVersion: 'no-stream' })

    await assert.rejects(append, { code: 'WRONG_EXPECTED_VERSION', actual: 2 })
    await assert.rejects(append, /2 of the events are there already, by their ids/)
    assert.equal((await eventsOf(store.readStream(account))).length, 2)
  })

  rule('knows a repeated append whose ids are written in upper case', async ({ store }) => {
    const account = anyAccount()
    const [event] = withIds(deposits(1))
    const first = await store.append(account, [{ ...deposited(1), ...event }], {
      expectedVersion: 0,
    })

    const second = await store.append(
      account,
      [{ ...deposited(1), ...event, id: event?.id?.toUpperCase() }],
      { expectedVersion: 0 },
    )

    assert.deepEqual(second, first)
  })

  rule('refuses a batch that was appended in part, under a number', async ({ store }) => {
    const account = anyAccount()
    const [one, two] = [withIds(deposits(2)), withIds(deposits(2))]
    await store.append(account, one, { expectedVersion: 0 })

    const append = store.append(account, [...one, ...two], { expectedVersion: 0 })

    await assert.rejects(append, { code: 'WRONG_EXPECTED_VERSION', expected: 0, actual: 2 })
    assert.deepEqual(idsOf(await eventsOf(store.readStream(account))), idsOf(one))
  })

  rule("refuses a batch that was appended in part, under 'no-stream'", async ({ store }) => {
    const account = anyAccount()
    const [one, two] = [withIds(deposits(2)), withIds(deposits(2))]
    await store.append(account, one, { expectedVersion: 'no-stream' })

    const append = store.append(account, [...one, ...two], { expectedVersion: 'no-stream' })

    await assert.rejects(append, { code: 'WRONG_EXPECTED_VERSION', actual: 2 })
    assert.deepEqual(idsOf(await eventsOf(store.readStream(account))), idsOf(one))
  })

  rule('refuses a batch with the same ids in another order', async ({ store }) => {
    const account = anyAccount()
    const batch = withIds(deposits(3))
    await store.append(account, batch, { expectedVersion: 'no-stream' })

    const append = store.append(account, batch.toReversed(), { expectedVersion: 'no-stream' })

    await assert.rejects(append, { code: 'WRONG_EXPECTED_VERSION', actual: 3 })
  })

  rule('refuses the ids of an earlier append at another place', async ({ store }) => {
    const account = anyAccount()
    const batch = withIds(deposits(2))
    await store.append(account, batch, { expectedVersion: 0 })
    await store.append(account, deposits(2), { expectedVersion: 2 })

    const append = store.append(account, batch, { expectedVersion: 1 })

    await assert.rejects(append, { code: 'WRONG_EXPECTED_VERSION', expected: 1, actual: 4 })
  })

  rule('takes events without ids for new ones', async ({ store }) => {
    const account = anyAccount()
    await store.append(account, deposits(2), { expectedVersion: 'no-stream' })

    const append = store.append(account, deposits(2), { expectedVersion: 'no-stream' })

    await assert.rejects(append, { code: 'WRONG_EXPECTED_VERSION', actual: 2 })
  })

  rule("writes a repeated append under 'any' a second time", async ({ store }) => {
    const account = anyAccount()
    const batch = withIds(deposits(1))
    await store.append(account, batch, { expectedVersion: 'any' })

    const { version } = await store.append(account, batch, { expectedVersion: 'any' })

    assert.equal(version, 2)
  })
}
