import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { StopDeadlineError, type EventStore, type ReadModel } from '../../src/index.ts'
import { HeldLanes } from '../../src/projections/lanes/held-lanes.ts'
import { accountBalances, type Balance } from '../domain/account.ts'
import { eventually } from '../faults/eventually.ts'
import { altered, append, deposited, openStore, present, runnerOf } from './runner-fixture.ts'

/** Reads a document until it is told to end; gives the places at which a reader saw fewer events than before. */
function watchBackwards(
  balances: ReadModel<Balance>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const watch = async (): Promise<readonly string[]> => {
    const backwards: string[] = []
    let seen = 0
    while (!signal.aborted) {
      const { events = 0 } = (await balances.get('account-1')) ?? {}
      if (events < seen) backwards.push(`${seen} -> ${events}`)
      seen = events
      await sleep(0)
    }
    return backwards
  }
  return watch()
}

async function keepWriting(store: EventStore, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await append(store, '1', deposited(1))
    await sleep(1)
  }
}

describe('a runner', () => {
  test('stays stopped when it is stopped while it starts', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const runner = runnerOf(store, balances)

    const starting = runner.start()
    const refused = expect(starting).rejects.toThrow('The runner was stopped.')
    await runner.stop()
    await refused
    await append(store, '1', deposited(1))
    await sleep(20)

    expect(await runner.status()).toMatchObject([{ state: 'stopped' }])
    expect(await balances.get('account-1')).toBeUndefined()
  })

  test('that is started during a rebuild follows into the new build', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1))
    await using runner = runnerOf(store, balances)

    const rebuilding = runner.rebuild('account-balances')
    await runner.start()
    await rebuilding
    await balances.waitFor(await append(store, '1', deposited(2)))

    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 3, events: 2 })
    expect(await runner.status()).toMatchObject([{ state: 'running', build: { number: 2 } }])
  })

  test('that cannot reach the sink for longer than its lease loses the lane, says so, and writes nothing to it', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    let isDown = false
    const refuseWhileDown = (): void => {
      if (isDown) throw new StopDeadlineError(['stands for anything retryable'], 1)
    }
    const cut = altered(balances, (storage) => ({
      commit: async (...step) => {
        refuseWhileDown()
        return storage.commit(...step)
      },
      writeLane: async (...step) => {
        refuseWhileDown()
        return storage.writeLane(...step)
      },
      beat: async (member) => {
        refuseWhileDown()
        return storage.beat(member)
      },
    }))
    await using first = runnerOf(store, cut)
    const lost: string[] = []
    first.on('leaseLost', ({ readModel, lane }) => lost.push(`${readModel} ${lane}`))
    await first.start()
    await balances.waitFor(await append(store, '1', deposited(1)))
    isDown = true
    await using second = runnerOf(store, balances)
    await second.start()
    await balances.waitFor(await append(store, '1', deposited(2)))
    await eventually(() => lost.length > 0)
    isDown = false
    await balances.waitFor(await append(store, '1', deposited(4)))

    expect(lost).toEqual(['memory 0'])
    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 7, events: 3 })
  })
})

describe('readers never go back in time', () => {
  test('while another runner rebuilds; the one that follows then goes on in the new build', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const over = new AbortController()
    await using following = runnerOf(store, balances)
    await following.start()
    const writing = keepWriting(store, over.signal)
    const watching = watchBackwards(balances, over.signal)

    await sleep(50)
    const rebuilder = runnerOf(store, balances)
    await rebuilder.rebuild('account-balances')
    await rebuilder.rebuild('account-balances')
    await sleep(50)
    over.abort()
    await writing
    await balances.waitFor((await store.head())?.position)

    expect(await watching).toEqual([])
    expect(await following.status()).toMatchObject([{ state: 'running', build: { number: 3 } }])
  })

  test('while a higher version is built beside an old runner, which goes on with the old build', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const over = new AbortController()
    await using old = runnerOf(store, balances)
    await old.start()
    const writing = keepWriting(store, over.signal)
    const watching = watchBackwards(balances, over.signal)

    await sleep(50)
    await using renewed = runnerOf(store, balances, { ...accountBalances, version: 2 })
    await renewed.start()
    await eventually(async () => (await old.status())[0]?.previous?.version === 1)
    await sleep(50)
    over.abort()
    await writing
    await balances.waitFor((await store.head())?.position)

    expect(await watching).toEqual([])
    expect(await renewed.status()).toMatchObject([{ state: 'running', build: { version: 2 } }])
    expect(await old.status()).toMatchObject([{ state: 'running', previous: { version: 1 } }])
    const { previous } = present(await balances.storage.readBuilds())
    const [lane] = await balances.storage.readLanes(present(previous))
    expect(lane?.owner).toBe(old.id)
  })

  test('when events come in just before the switch', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const over = new AbortController()
    const slow = altered(balances, (storage) => ({
      writeBuilds: async (previous, next) => {
        if (next.live.number === 2) {
          await append(store, '1', deposited(2))
          await sleep(30)
        }
        return storage.writeBuilds(previous, next)
      },
      commit: async (build, step, changes) => {
        if (build.number === 2) await sleep(60)
        return storage.commit(build, step, changes)
      },
    }))

    await using following = runnerOf(store, slow)
    await following.start()
    await balances.waitFor(await append(store, '1', deposited(1)))
    const watching = watchBackwards(balances, over.signal)

    await runnerOf(store, slow).rebuild('account-balances')
    await sleep(20)
    over.abort()

    expect(await watching).toEqual([])
  })

  test('when the runner that switches sleeps past its lease just before the switch', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1))
    await runnerOf(store, balances).runUntilCaughtUp()
    let awake: Promise<void> = Promise.resolve()
    let hasSlept = false
    const sleeping = altered(balances, (storage) => ({
      writeLane: async (...step) => {
        await awake
        return storage.writeLane(...step)
      },
      writeBuilds: async (previous, next) => {
        if (next.live.number === 2 && !hasSlept) {
          hasSlept = true
          awake = append(store, '1', deposited(2)).then(() =>
            runnerOf(store, balances).runUntilCaughtUp(),
          )
          await awake
        }
        return storage.writeBuilds(previous, next)
      },
    }))

    await runnerOf(store, sleeping).rebuild('account-balances')

    expect(hasSlept).toBe(true)
    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 3, events: 2 })
    expect(await balances.storage.readBuilds()).toMatchObject({ live: { number: 2 } })
  })

  test('when one runner has two switches under way, and gives up one of them', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const manual = { placement: { switch: 'manual' } } as const
    await append(store, '1', deposited(1))
    let hasBothUnderWay = false
    const disturbed = altered(balances, (storage) => ({
      writeBuilds: async (previous, next) => {
        if (next.live.number === 2 && !hasBothUnderWay) {
          hasBothUnderWay = true
          const owner = `${switching.id} (leads)`
          const claim = { storage, build: present(previous).live, owner, leaseMs: 300 }
          await (await HeldLanes.hold(claim, [0])).release()
          await append(store, '1', deposited(2))
          await runnerOf(store, balances).runUntilCaughtUp()
        }
        return storage.writeBuilds(previous, next)
      },
    }))
    const switching = runnerOf(store, disturbed, accountBalances, manual)
    await switching.runUntilCaughtUp()
    await switching.rebuild('account-balances')

    await switching.switchReaders('account-balances')

    expect(hasBothUnderWay).toBe(true)
    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 3, events: 2 })
    expect(await balances.storage.readBuilds()).toMatchObject({ live: { number: 2 } })
  })
})
