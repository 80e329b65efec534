import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { StopDeadlineError } from '../../src/index.ts'
import { accountBalances, type Balance } from '../domain/account.ts'
import { eventually } from '../faults/eventually.ts'
import { gate } from '../faults/gate.ts'
import { documentsOf, faultyAt, freshFold, withdrawn } from './parking-fixture.ts'
import { altered, append, deposited, openStore, present, runnerOf } from './runner-fixture.ts'

const NAME = 'account-balances'
const placement = { lanes: 4 } as const

describe('pause', () => {
  test('keeps all runners from moving a projection until it is resumed', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await using one = runnerOf(store, balances, accountBalances, { placement })
    await using other = runnerOf(store, balances, accountBalances, { placement })
    await one.start()
    await other.start()
    await balances.waitFor(await append(store, '1', deposited(1)))

    await one.pause(NAME)
    await eventually(async () => (await other.status())[0]?.state === 'paused')
    await eventually(async () => (await one.status())[0]?.state === 'paused')
    await append(store, '1', deposited(2))
    const waiting = balances.waitFor((await store.head())?.position, { timeoutMs: 300 })

    await expect(waiting).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' })
    expect(await balances.get('account-1')).toMatchObject({ cents: 1 })
    await other.resume(NAME)
    await balances.waitFor((await store.head())?.position)
    expect(await balances.get('account-1')).toMatchObject({ cents: 3 })
    await eventually(async () => (await one.status())[0]?.state === 'running')
    expect(await one.status()).toMatchObject([{ state: 'running' }])
  })

  test('keeps a runner that starts later, and a new version from being built', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1))
    const before = runnerOf(store, balances)
    await before.runUntilCaughtUp()
    await before.pause(NAME)
    await append(store, '1', deposited(2))

    await using renewed = runnerOf(store, balances, { ...accountBalances, version: 2 })
    await renewed.start()
    await sleep(200)
    const meanwhile = await balances.storage.readBuilds()
    await renewed.resume(NAME)
    await eventually(async () => (await balances.storage.readBuilds())?.live.version === 2)

    expect(meanwhile).toMatchObject({ live: { version: 1 }, building: undefined, isPaused: true })
    expect(await balances.get('account-1')).toMatchObject({ cents: 3 })
  })

  test('refuses a script that is to catch up', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const script = runnerOf(store, balances)
    await script.runUntilCaughtUp()
    await append(store, '1', deposited(1))
    await script.pause(NAME)

    const refused = script.runUntilCaughtUp()

    await expect(refused).rejects.toMatchObject({ code: 'PROJECTION_PAUSED', readModel: 'memory' })
    expect(await balances.get('account-1')).toBeUndefined()
    await script.resume(NAME)
    await script.runUntilCaughtUp()
    expect(await balances.get('account-1')).toMatchObject({ cents: 1 })
  })
})

describe('status', () => {
  test("is 'retrying' for as long as one lane of several is, whatever the others do", async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const network = { isDown: true }
    let attempts = 0
    const cut = altered(balances, (storage) => ({
      commit: async (build, step, changes) => {
        if (step.number !== 1) return storage.commit(build, step, changes)
        attempts += 1
        if (attempts === 1) throw new StopDeadlineError(['stands for anything retryable'], 1)
        await eventually(() => !network.isDown)
        return storage.commit(build, step, changes)
      },
    }))
    const placement = { lanes: 2 }
    await using runner = runnerOf(store, cut, accountBalances, { placement })
    await runner.start()
    const appendToBoth = async (): Promise<void> => {
      for (const id of ['1', '2', '3', '4', '5', '6']) await append(store, id, deposited(1))
    }
    const positionOf = async (lane: number): Promise<bigint> =>
      (await runner.status())[0]?.lanes[lane]?.position ?? 0n
    await appendToBoth()
    await eventually(() => attempts === 2)
    const states: unknown[] = []

    for (let round = 1; round <= 3; round += 1) {
      const before = await positionOf(0)
      await appendToBoth()
      await eventually(async () => (await positionOf(0)) > before)
      states.push((await runner.status())[0]?.state)
    }
    const stuck = await positionOf(1)
    const moved = await positionOf(0)
    network.isDown = false
    await balances.waitFor((await store.head())?.position)
    await eventually(async () => (await runner.status())[0]?.state === 'running')

    expect(states).toEqual(['retrying', 'retrying', 'retrying'])
    expect(moved).toBeGreaterThan(stuck)
    expect(await runner.status()).toMatchObject([
      { state: 'running', lastError: { code: 'STOP_DEADLINE' } },
    ])
  })

  test("of a runner without lanes is 'running' again after an outage", async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const open = () => {
      const network = { isDown: false }
      const cut = altered(balances, (storage) => ({
        readBuilds: async () => {
          if (network.isDown) throw new StopDeadlineError(['stands for anything retryable'], 1)
          return storage.readBuilds()
        },
      }))
      return { network, runner: runnerOf(store, cut, accountBalances, { leaseMs: 150 }) }
    }
    // The first one by name has the only lane.
    const [first, spare] = [open(), open()].toSorted((one, other) =>
      one.runner.id < other.runner.id ? -1 : 1,
    )
    await using owner = present(first).runner
    await using other = present(spare).runner
    const { network } = present(spare)
    await owner.start()
    await balances.waitFor(await append(store, '1', deposited(1)))
    await other.start()

    network.isDown = true
    await eventually(async () => (await other.status())[0]?.state === 'retrying')
    const [during] = await other.status()
    network.isDown = false
    await eventually(async () => (await other.status())[0]?.state === 'running')

    expect(during).toMatchObject({ state: 'retrying' })
    expect(await other.status()).toMatchObject([{ state: 'running' }])
  })
})

describe('runUntilCaughtUp', () => {
  test('beside a runner that follows returns when both have folded all', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await using following = runnerOf(store, balances, accountBalances, { placement })
    await following.start()
    for (let id = 0; id < 40; id++) await append(store, String(id), deposited(id))

    await runnerOf(store, balances, accountBalances, { placement }).runUntilCaughtUp()
    const found = await documentsOf(balances)
    await balances.waitFor(await append(store, '1', deposited(1)))

    expect(found.size).toBe(40)
    expect(await documentsOf(balances)).toEqual(await freshFold(store, accountBalances))
    expect(await following.status()).toMatchObject([{ state: 'running' }])
  })

  test('ends with an error that the sink gives for ever, also when it cannot even be told so', async () => {
    const store = openStore()
    await append(store, '1', deposited(1))
    const refuse = async (): Promise<never> => {
      await sleep(1)
      throw new Error('permission denied')
    }
    const closed = altered(new MemoryReadModel<Balance>(), () => ({
      writeLane: refuse,
      commit: refuse,
    }))

    const signal = AbortSignal.timeout(2000)
    const failed = runnerOf(store, closed).runUntilCaughtUp({ signal })

    await expect(failed).rejects.toThrow('permission denied')
  })
})

describe('stop', () => {
  test('finishes the page in hand and gives the lanes back', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const begun = gate()
    const slow = altered(balances, (storage) => ({
      commit: async (...step) => {
        begun.open()
        await sleep(50)
        return storage.commit(...step)
      },
    }))
    const runner = runnerOf(store, slow, accountBalances, { placement })
    await runner.start()
    await append(store, '1', deposited(1))
    await begun.opened

    await runner.stop()
    const { live } = present(await balances.storage.readBuilds())
    const lanes = await balances.storage.readLanes(live)

    expect(await balances.get('account-1')).toMatchObject({ cents: 1 })
    expect(lanes.map(({ owner }) => owner)).toEqual(lanes.map(() => undefined))
    expect(await runner.status()).toMatchObject([{ state: 'stopped' }])
  })

  test('that takes longer than its deadline says which projection runs', async () => {
    const store = openStore()
    const over = new AbortController()
    const begun = gate()
    const hanging = altered(new MemoryReadModel<Balance>(), (storage) => ({
      commit: async (...step) => {
        begun.open()
        await sleep(5000, undefined, { signal: over.signal }).catch(() => undefined)
        return storage.commit(...step)
      },
    }))
    const runner = runnerOf(store, hanging)
    await runner.start()
    await append(store, '1', deposited(1))
    await begun.opened

    const late = runner.stop({ deadlineMs: 50 })

    await expect(late).rejects.toThrow(StopDeadlineError)
    await expect(late).rejects.toThrow('account-balances did not stop within 50 ms')
    over.abort()
    await runner.stop()
    expect(await hanging.get('account-1')).toMatchObject({ cents: 1 })
  })
})

describe('a runner tells its listeners', () => {
  test('once that the live build holds what the log held when it began', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const last = await append(store, '1', deposited(1), deposited(2))
    await using runner = runnerOf(store, balances)
    const told: unknown[] = []
    runner.on('caughtUp', (event) => told.push(event))

    await runner.start()
    await eventually(() => told.length > 0)
    await balances.waitFor(await append(store, '1', deposited(3)))
    await sleep(150)

    expect(told).toEqual([{ projection: NAME, readModel: 'memory', position: last }])
  })

  test('of an error that stops a lane, and no more once they have left', async () => {
    const store = openStore()
    await append(store, '1', withdrawn(1))
    await using runner = runnerOf(store, new MemoryReadModel<Balance>(), faultyAt())
    const told: string[] = []
    const deaf: string[] = []
    runner.on('error', ({ readModel, error }) => told.push(`${readModel}: ${error.name}`))
    const leave = runner.on('error', ({ readModel }) => deaf.push(readModel))
    leave()

    await runner.start()
    await eventually(() => told.length > 0)
    await sleep(100)

    expect(told).toEqual(['memory: ProjectionFailedError'])
    expect(deaf).toEqual([])
  })

  test('of every event that is parked for an error of its own, with the error', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1), withdrawn(2), withdrawn(3))
    await append(store, '2', withdrawn(4))
    const parking = { placement: { onFailure: 'park' } } as const
    await using runner = runnerOf(store, balances, faultyAt(), parking)
    const told: unknown[] = []
    runner.on('parked', ({ key, position, lane, error }) =>
      told.push([key, position, lane, error.message.includes('not ')]),
    )

    await runner.start()
    await balances.waitFor((await store.head())?.position)

    expect(told).toEqual([
      ['account-1', 2n, 0, true],
      ['account-2', 4n, 0, true],
    ])
  })

  test('of a lane that another runner has taken', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    let isAsleep = false
    const sleepy = altered(balances, (storage) => ({
      writeLane: async (...step) => {
        while (isAsleep) await sleep(5)
        return storage.writeLane(...step)
      },
      beat: async (member) => {
        while (isAsleep) await sleep(5)
        return storage.beat(member)
      },
    }))
    await using first = runnerOf(store, sleepy, accountBalances, { leaseMs: 150 })
    const told: unknown[] = []
    first.on('leaseLost', ({ lane, owner }) => told.push([lane, owner]))
    await first.start()
    await balances.waitFor(await append(store, '1', deposited(1)))

    isAsleep = true
    await sleep(200)
    await using second = runnerOf(store, balances, accountBalances, { leaseMs: 150 })
    await second.start()
    await balances.waitFor(await append(store, '1', deposited(2)))
    isAsleep = false
    await eventually(() => told.length > 0)

    expect(told).toEqual([[0, second.id]])
    expect(await balances.get('account-1')).toMatchObject({ cents: 3, events: 2 })
  })
})
