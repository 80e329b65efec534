import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { StoreRewoundError, type EventStore } from '../../src/index.ts'
import { type Balance } from '../domain/account.ts'
import { eventually } from '../faults/eventually.ts'
import { deposited, openStore, append, runnerOf, present } from './runner-fixture.ts'

describe('a log that was set back', () => {
  test('stops the lane when it is claimed', async () => {
    const balances = new MemoryReadModel<Balance>()
    const before = openStore()
    await append(before, '1', deposited(1), deposited(2))
    await runnerOf(before, balances).runUntilCaughtUp()
    const restored = openStore()
    await append(restored, '1', deposited(1))

    const failed = runnerOf(restored, balances).runUntilCaughtUp()

    await expect(failed).rejects.toThrow(StoreRewoundError)
    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 3, events: 2 })
  })

  test('stops the lane also when the log is empty now', async () => {
    const balances = new MemoryReadModel<Balance>()
    const before = openStore()
    await append(before, '1', deposited(1))
    await runnerOf(before, balances).runUntilCaughtUp()

    const failed = runnerOf(openStore(), balances).runUntilCaughtUp()

    await expect(failed).rejects.toThrow(StoreRewoundError)
  })

  test('stops the lane at the next page while it follows', async () => {
    const balances = new MemoryReadModel<Balance>()
    const original = openStore()
    const restored = openStore()
    await append(restored, '1', deposited(1), deposited(2), deposited(3))
    let store = original
    const switched = { ...original, subscribe: () => follow() } as EventStore
    async function* follow() {
      for await (const page of store.readAll()) yield page
      store = restored
      yield* store.subscribe({ after: present(await original.head()) })
    }
    await append(original, '1', deposited(1))
    await using runner = runnerOf(switched, balances)

    await runner.start()
    await eventually(async () => (await runner.status())[0]?.state === 'failed')

    expect(await runner.status()).toMatchObject([
      { state: 'failed', lastError: { code: 'STORE_REWOUND' } },
    ])
    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 1, events: 1 })
  })

  test('is mended by a rebuild', async () => {
    const balances = new MemoryReadModel<Balance>()
    const before = openStore()
    await append(before, '1', deposited(1), deposited(2))
    await runnerOf(before, balances).runUntilCaughtUp()
    const restored = openStore()
    await append(restored, '1', deposited(1))
    const runner = runnerOf(restored, balances)

    const [report] = await runner.rebuild('account-balances')
    await runner.runUntilCaughtUp()

    expect(report?.notCompared).toContain('The log does not contain event')
    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 1, events: 1 })
  })
})
