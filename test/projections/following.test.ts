import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { StopDeadlineError, WaitTimeoutError } from '../../src/index.ts'
import { accountBalances, accountEvents, type Balance } from '../domain/account.ts'
import { gate } from '../faults/gate.ts'
import { deposited, openStore, append, runnerOf, altered } from './runner-fixture.ts'

const counting = (balance: Balance): Balance => ({ ...balance, events: balance.events + 1 })

describe('start and stop', () => {
  test('follows the log', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await using runner = runnerOf(store, balances)
    await runner.start()

    const position = await append(store, '1', deposited(5))
    await balances.waitFor(position)

    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 5, events: 1 })
  })

  test('may be started again after a stop', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await using runner = runnerOf(store, balances)
    await runner.start()
    await runner.stop()
    await runner.start()

    await balances.waitFor(await append(store, '1', deposited(5)))

    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 5, events: 1 })
  })

  test('refuses to run twice at once', async () => {
    await using runner = runnerOf(openStore(), new MemoryReadModel<Balance>())
    await runner.start()

    await expect(runner.start()).rejects.toThrow('start() on a runner that runs already')
    await expect(runner.runUntilCaughtUp()).rejects.toThrow(
      'runUntilCaughtUp() on a runner that runs already',
    )
  })

  test('says so when a page in hand is not finished within the deadline', async () => {
    const store = openStore()
    const [begun, held] = [gate(), gate()]
    const balances = altered(new MemoryReadModel<Balance>(), (storage) => ({
      commit: async (...step) => {
        begun.open()
        await held.opened
        return storage.commit(...step)
      },
    }))
    const runner = runnerOf(store, balances)
    await append(store, '1', deposited(5))
    await runner.start()
    await begun.opened

    const late = runner.stop({ deadlineMs: 10 })

    await expect(late).rejects.toThrow(StopDeadlineError)
    held.open()
    await runner.stop()
    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 5, events: 1 })
  })

  test('moves the checkpoint over ignored events at once when somebody waits', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await using runner = runnerOf(
      store,
      balances,
      {
        ...accountBalances,
        on: { MoneyDeposited: counting },
      },
      { leaseMs: 60_000 },
    )
    await runner.start()
    await balances.waitFor(await append(store, '1', deposited(1)))
    const ignored = await append(store, '1', accountEvents.AccountClosed({}))

    const begun = performance.now()
    await balances.waitFor(ignored)

    expect(performance.now() - begun).toBeLessThan(500)
  })

  test('writes the lane at most once a second for ignored events that nobody waits for, and on stop', async () => {
    const store = openStore()
    let writes = 0
    const balances = altered(new MemoryReadModel<Balance>(), (storage) => ({
      writeLane: (...step) => {
        writes++
        return storage.writeLane(...step)
      },
    }))
    const runner = runnerOf(
      store,
      balances,
      {
        ...accountBalances,
        on: { AccountOpened: counting },
      },
      { leaseMs: 60_000 },
    )
    await runner.start()
    for (let left = 20; left > 0; left--) {
      await append(store, '1', deposited(1))
      await sleep(5)
    }

    await runner.stop()

    expect(writes).toBeLessThanOrEqual(4) // the claim, the release, and two for what a slow machine makes of 100 ms
    expect(await runner.status()).toMatchObject([{ position: 20n }])
  })

  test('tries again, for ever, what is transient, and shows it', async () => {
    const store = openStore()
    let failures = 3
    const balances = altered(new MemoryReadModel<Balance>(), (storage) => ({
      commit: async (...step) => {
        if (failures-- > 0) throw new StopDeadlineError(['stands for anything retryable'], 1)
        return storage.commit(...step)
      },
    }))
    await append(store, '1', deposited(5))
    const runner = runnerOf(store, balances)

    await runner.runUntilCaughtUp()

    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 5, events: 1 })
    expect(await runner.status()).toMatchObject([
      { state: 'stopped', lastError: { code: 'STOP_DEADLINE' } },
    ])
  })

  test('takes a commit whose reply was lost for what it is', async () => {
    const store = openStore()
    const balances = altered(new MemoryReadModel<Balance>(), (storage) => ({
      commit: async (...step) => {
        await storage.commit(...step)
        throw new StopDeadlineError(['stands for anything retryable'], 1)
      },
    }))
    await append(store, '1', deposited(5))
    const runner = runnerOf(store, balances)

    await runner.runUntilCaughtUp()

    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 5, events: 1 })
    expect(await runner.status()).toMatchObject([{ state: 'stopped', lastError: undefined }])
  })

  test('fills a read model whose readers from outside cannot be shown it, and says so', async () => {
    const store = openStore()
    const balances = altered(new MemoryReadModel<Balance>(), () => ({
      publish: async () => Promise.reject(new RangeError('a view is in the way')),
    }))
    await using runner = runnerOf(store, balances)

    await runner.start()
    await balances.waitFor(await append(store, '1', deposited(5)))

    expect(await runner.status()).toMatchObject([
      { state: 'running', position: 1n, lastError: new RangeError('a view is in the way') },
    ])
  })

  test('keeps its lane while another runner stands by, which takes it at once when this one stops', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const first = runnerOf(store, balances, undefined, { leaseMs: 60_000 })
    await first.start()
    await balances.waitFor(await append(store, '1', deposited(1)))
    await using second = runnerOf(store, balances)
    await second.start()
    await sleep(150)
    const before = await second.status()

    await first.stop()
    await balances.waitFor(await append(store, '1', deposited(2)))

    expect(before).toMatchObject([{ state: 'running', lanes: [{ owner: first.id }] }])
    expect(await second.status()).toMatchObject([{ lanes: [{ owner: second.id }] }])
    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 3, events: 2 })
  })
})

describe('waitFor', () => {
  test('says how far the read model is, and that nobody runs it', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const position = await append(store, '1', deposited(1))
    await runnerOf(store, balances).runUntilCaughtUp()

    const late = balances.waitFor(((position ?? 0n) + 5n) as never, { timeoutMs: 10 })

    await expect(late).rejects.toThrow(WaitTimeoutError)
    await expect(late).rejects.toThrow(
      'is at position 1, not at 6, after 10 ms. No runner has claimed it: start one.',
    )
  })

  test('waits for nothing when nothing was appended', async () => {
    await expect(new MemoryReadModel<Balance>().waitFor(undefined)).resolves.toBeUndefined()
  })
})
