import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, jest, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import type { EventStore, ReadModel } from '../../src/index.ts'
import { accountBalances, type Balance } from '../domain/account.ts'
import { eventually } from '../faults/eventually.ts'
import { documentsOf, freshFold } from './parking-fixture.ts'
import { altered, append, deposited, openStore, present, runnerOf } from './runner-fixture.ts'

jest.setTimeout(8_000)

const SHARED = { placement: { lanes: 4 }, pageSize: 10 } as const

async function manyEvents(store: EventStore): Promise<void> {
  for (let number = 0; number < 400; number++)
    await append(store, String(number % 40), deposited(number))
}

/** The same sink, with commits that take their time. */
const slow = (readModel: ReadModel<Balance>): ReadModel<Balance> =>
  altered(readModel, (storage) => ({
    commit: async (...step) => {
      await sleep(20)
      return storage.commit(...step)
    },
  }))

/** How many lanes each runner has, the fewest first. */
async function lanesPerRunner({ storage }: ReadModel<Balance>): Promise<readonly number[]> {
  const builds = await storage.readBuilds()
  const records = builds === undefined ? [] : await storage.readLanes(builds.live)
  const counts = new Map<string, number>()
  for (const { owner } of records)
    if (owner !== undefined) counts.set(owner, (counts.get(owner) ?? 0) + 1)
  return [...counts.values()].toSorted((one, other) => one - other)
}

/** Names of the members, with that of the one who looks. */
async function membersOf({ storage }: ReadModel<Balance>): Promise<readonly string[]> {
  const looks = { runner: 'looks', revision: randomUUID(), leaseMs: 300 }
  const members = await storage.beat({ ...looks, version: 1, fingerprint: '' })
  return members.map(({ runner }) => runner)
}

/** A member of the read model that moves nothing, as long as it is not aborted; by its name the first in line. */
async function idle({ storage }: ReadModel<Balance>, over: AbortSignal): Promise<void> {
  const { live } = present(await storage.readBuilds())
  const { version, fingerprint } = live
  while (!over.aborted) {
    const revision = randomUUID()
    await storage.beat({ runner: ' idle', revision, leaseMs: 300, version, fingerprint })
    await sleep(20)
  }
}

/** Gives the first lane to a runner that is gone. */
async function claimForDead({ storage }: ReadModel<Balance>): Promise<void> {
  const { live } = present(await storage.readBuilds())
  const previous = await storage.readLane(live, 0)
  const claimed = { ...previous, owner: 'dead', leaseMs: 300, revision: randomUUID() }
  await storage.writeLane(live, { number: 0, previous, next: claimed })
}

describe('runners that start together', () => {
  test('share the lanes before they would look the next time', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const runners = [1, 2].map(() =>
      runnerOf(store, balances, accountBalances, { ...SHARED, leaseMs: 6000 }),
    )
    const begunAt = performance.now()

    await Promise.all(runners.map((runner) => runner.start()))
    await eventually(async () => (await lanesPerRunner(balances)).join() === '2,2')

    expect(performance.now() - begunAt).toBeLessThan(700)
    await Promise.all(runners.map((runner) => runner.stop()))
  })
})

describe('runUntilCaughtUp', () => {
  test('shares the lanes evenly with another one at the same time', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await manyEvents(store)
    const [one, other] = [1, 2].map(() => runnerOf(store, slow(balances), accountBalances, SHARED))

    const ended = [present(one).runUntilCaughtUp()]
    await eventually(async () => (await lanesPerRunner(balances)).join() === '4')
    ended.push(present(other).runUntilCaughtUp())
    await eventually(async () => (await lanesPerRunner(balances)).join() === '2,2')
    await Promise.all(ended)

    expect(await documentsOf(balances)).toEqual(await freshFold(store, accountBalances))
    expect(await membersOf(balances)).toEqual(['looks'])
  })

  test('takes its share beside a runner that follows, and gives it back', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await using following = runnerOf(store, slow(balances), accountBalances, SHARED)
    await following.start()
    await eventually(async () => (await lanesPerRunner(balances)).join() === '4')
    await manyEvents(store)

    const script = runnerOf(store, slow(balances), accountBalances, SHARED)
    const caughtUp = script.runUntilCaughtUp()
    await eventually(async () => (await lanesPerRunner(balances)).join() === '2,2')
    await caughtUp
    await eventually(async () => (await lanesPerRunner(balances)).join() === '4')

    await balances.waitFor((await store.head())?.position)
    expect(await documentsOf(balances)).toEqual(await freshFold(store, accountBalances))
  })

  test('does not wait for a member that moves nothing', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const options = { ...SHARED, placement: { lanes: 1 } }
    await runnerOf(store, balances, accountBalances, options).runUntilCaughtUp()
    await claimForDead(balances) // so that both come when the lane is nobody's
    const over = new AbortController()
    const idling = idle(balances, over.signal)
    await manyEvents(store)

    await runnerOf(store, slow(balances), accountBalances, options).runUntilCaughtUp()
    over.abort()
    await idling

    expect(await documentsOf(balances)).toEqual(await freshFold(store, accountBalances))
  })
})
