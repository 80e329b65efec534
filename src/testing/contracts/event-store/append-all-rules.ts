import assert from 'node:assert/strict'
import type { EventStoreRule } from './contract-stores.ts'
import {
  anyAccount,
  anyAccountant,
  deposited,
  deposits,
  hired,
  opened,
  withIds,
} from './contract-events.ts'
import { eventsOf, range, versionsOf } from './reading.ts'

/** Appends to several streams in one commit. */
export function addAppendAllRules(rule: EventStoreRule): void {
  rule('appends to several streams at once, with results in their order', async ({ store }) => {
    const [one, other] = [anyAccount(), anyAccountant()]
    await store.append(one, deposits(2), { expectedVersion: 'no-stream' })

    const results = await store.appendAll([
      { streamId: one, events: deposits(3), expectedVersion: 2 },
      { streamId: other, events: [hired('Bob')], expectedVersion: 'no-stream' },
    ])

    assert.deepEqual(
      results.map(({ version }) => version),
      [5, 1],
    )
    const [inOne, inOther] = [
      await eventsOf(store.readStream(one)),
      await eventsOf(store.readStream(other)),
    ]
    assert.equal(results[0]?.position, inOne.at(-1)?.position)
    assert.equal(results[1]?.position, inOther.at(-1)?.position)
  })

  rule('writes nothing of several appends when one of them conflicts', async ({ store }) => {
    const [one, stale, third] = [anyAccount(), anyAccount(), anyAccount()]
    await store.append(stale, [opened('Ada')], { expectedVersion: 'no-stream' })
    const before = await store.head()

    const appends = store.appendAll([
      { streamId: one, events: deposits(1), expectedVersion: 'no-stream' },
      { streamId: stale, events: deposits(1), expectedVersion: 'no-stream' },
      { streamId: third, events: deposits(1), expectedVersion: 'any' },
    ])

    await assert.rejects(appends, {
      code: 'WRONG_EXPECTED_VERSION',
      streamId: stale,
      expected: 'no-stream',
      actual: 1,
    })
    assert.deepEqual(await eventsOf(store.readStream(one)), [])
    assert.deepEqual(versionsOf(await eventsOf(store.readStream(stale))), [1])
    assert.deepEqual(await eventsOf(store.readStream(third)), [])
    assert.deepEqual(await store.head(), before)
  })

  rule('writes nothing of several appends when one repeats a command', async ({ store }) => {
    const [one, other] = [anyAccount(), anyAccount()]
    await store.append(other, deposits(1), { expectedVersion: 0, commandId: 'transfer' })

    const appends = store.appendAll([
      { streamId: one, events: deposits(1), expectedVersion: 0, commandId: 'transfer' },
      { streamId: other, events: deposits(1), expectedVersion: 1, commandId: 'transfer' },
    ])

    await assert.rejects(appends, { code: 'COMMAND_REPEATED', streamId: other, version: 1 })
    assert.deepEqual(await eventsOf(store.readStream(one)), [])
    assert.equal(await store.findCommand(one, 'transfer'), undefined)
  })

  rule('answers repeated appends to several streams with the first outcome', async ({ store }) => {
    const [one, other] = [anyAccount(), anyAccount()]
    const appends = [
      { streamId: one, events: withIds(deposits(2)), expectedVersion: 'no-stream' },
      { streamId: other, events: withIds(deposits(1)), expectedVersion: 0 },
    ] as const
    const first = await store.appendAll(appends)

    const second = await store.appendAll(appends)

    assert.deepEqual(second, first)
    assert.deepEqual(versionsOf(await eventsOf(store.readStream(one))), [1, 2])
    assert.deepEqual(versionsOf(await eventsOf(store.readStream(other))), [1])
  })

  rule('checks the version of a stream that gets no events beside others', async ({ store }) => {
    const [one, guard] = [anyAccount(), anyAccount()]
    await store.append(guard, deposits(2), { expectedVersion: 'no-stream' })

    const appends = store.appendAll([
      { streamId: one, events: deposits(1), expectedVersion: 'no-stream' },
      { streamId: guard, events: [], expectedVersion: 1 },
    ])

    await assert.rejects(appends, { code: 'WRONG_EXPECTED_VERSION', streamId: guard, actual: 2 })
    assert.deepEqual(await eventsOf(store.readStream(one)), [])
  })

  rule('takes appends to the same streams in any order without a deadlock', async ({ store }) => {
    const [one, other] = [anyAccount(), anyAccount()]
    const toBoth = [one, other].map((streamId) => ({
      streamId,
      events: [deposited(1)],
      expectedVersion: 'any' as const,
    }))

    await Promise.all(
      range(1, 20).map((turn) => store.appendAll(turn % 2 === 0 ? toBoth : toBoth.toReversed())),
    )

    assert.deepEqual(versionsOf(await eventsOf(store.readStream(one))), range(1, 20))
    assert.deepEqual(versionsOf(await eventsOf(store.readStream(other))), range(1, 20))
  })

  rule('appends nothing of an empty list', async ({ store }) => {
    const results = await store.appendAll([])

    assert.deepEqual(results, [])
  })
}
