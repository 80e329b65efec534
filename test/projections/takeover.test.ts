import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { StopDeadlineError, type EventStore, type ReadModel } from '../../src/index.ts'
import { accountBalances, type Balance } from '../domain/account.ts'
import { altered, append, deposited, openStore, runnerOf } from './runner-fixture.ts'

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

  test('that had an outage leaves the lane to the one that claimed it meanwhile', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    let isDown = false
    const cut = altered(balances, (storage) => ({
      commit: async (...step) => {
        if (isDown) throw new StopDeadlineError(['stands for anything retryable'], 1)
        return storage.commit(...step)
      },
    }))
    await using first = runnerOf(store, cut)
    await first.start()
    isDown = true
    await append(store, '1', deposited(1))
    await sleep(10)
    await using second = runnerOf(store, balances)
    await second.start()
    isDown = false
    await balances.waitFor(await append(store, '1', deposited(2)))
    await sleep(200)

    expect(await first.status()).toMatchObject([
      { state: 'failed', lastError: { code: 'LANE_TAKEN' } },
    ])
    expect(await second.status()).toMatchObject([{ state: 'running' }])
    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 3, events: 2 })
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

  test('while a higher version is built beside an old runner, which then stops', async () => {
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
    await sleep(400)
    over.abort()
    await writing
    await balances.waitFor((await store.head())?.position)

    expect(await watching).toEqual([])
    expect(await renewed.status()).toMatchObject([{ state: 'running', build: { version: 2 } }])
    expect(await old.status()).toMatchObject([
      { state: 'failed', lastError: { code: 'BUILD_MISMATCH' } },
    ])
  })

  test('when a runner claims the live lane just before the switch', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1))
    await runnerOf(store, balances).runUntilCaughtUp()
    const late = runnerOf(store, balances)
    let hasInterfered = false
    const interfering = altered(balances, (storage) => ({
      writeBuilds: async (previous, next) => {
        if (next.live.number === 2 && !hasInterfered) {
          hasInterfered = true
          await append(store, '1', deposited(2))
          await late.runUntilCaughtUp()
        }
        return storage.writeBuilds(previous, next)
      },
    }))

    await runnerOf(store, interfering).rebuild('account-balances')

    expect(hasInterfered).toBe(true)
    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 3, events: 2 })
    expect(await balances.storage.readBuilds()).toMatchObject({ live: { number: 2 } })
  })

  test('also when a runner that still knows the retired build claims it', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1))
    const runner = runnerOf(store, balances)
    await runner.runUntilCaughtUp()
    const stale = await balances.storage.readBuilds()
    await runner.rebuild('account-balances')
    let isStale = true
    const sleeping = altered(balances, (storage) => ({
      readBuilds: async () => {
        const builds = isStale ? stale : await storage.readBuilds()
        isStale = false
        return builds
      },
    }))

    await append(store, '1', deposited(2))
    const late = runnerOf(store, sleeping).runUntilCaughtUp()
    await late.catch(() => undefined)

    const { previous } = (await balances.storage.readBuilds()) ?? {}
    expect(previous?.number).toBe(1)
    expect(await balances.storage.readLane(previous ?? never(), 0)).toMatchObject({
      checkpoint: { position: 1n },
    })
  })
})

function never(): never {
  throw new Error('There is a previous build.')
}
