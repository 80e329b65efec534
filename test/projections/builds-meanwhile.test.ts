import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import type { Build } from '../../src/index.ts'
import type { Balance } from '../domain/account.ts'
import { eventually } from '../faults/eventually.ts'
import { altered, append, deposited, openStore, present, runnerOf } from './runner-fixture.ts'

describe('a runner that follows', () => {
  test('goes on beside a build that is not made yet', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await using runner = runnerOf(store, balances)
    await runner.runUntilCaughtUp()
    const { storage } = balances
    const builds = present(await storage.readBuilds())
    const building: Build = { ...builds.live, number: 2 }
    await storage.writeBuilds(builds, { ...builds, revision: 'r', newest: 2, building })

    await runner.start()
    await sleep(100) // it looks every 50 ms
    await balances.waitFor(await append(store, '1', deposited(1)))

    expect(await runner.status()).toMatchObject([{ state: 'running', lastError: undefined }])
  })

  test('goes on when builds that it has just read are dropped', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const other = runnerOf(store, balances)
    await other.runUntilCaughtUp()
    const stale = present(await balances.storage.readBuilds())
    await other.rebuild('account-balances')
    await other.prune('account-balances')
    let isStale = false
    const late = altered(balances, (storage) => ({
      readBuilds: async () => {
        const builds = isStale ? stale : await storage.readBuilds()
        isStale = false
        return builds
      },
    }))
    await using runner = runnerOf(store, late)
    await runner.start()

    isStale = true
    await eventually(() => !isStale)
    await balances.waitFor(await append(store, '1', deposited(1)))

    expect(isStale).toBe(false)
    expect(await runner.status()).toMatchObject([{ state: 'running', lastError: undefined }])
  })
})
