import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { memoryEventStore, MemoryReadModel } from '../../src/adapters/memory/index.ts'
import {
  asOf,
  defineProjection,
  EverfoldError,
  LaneTakenError,
  globalPosition,
  streamId,
  type Build,
  type DomainEvent,
  type EventStore,
  type ReadModelStorage,
} from '../../src/index.ts'
import { claimLane } from '../../src/projections/lanes/lane-claim.ts'
import type { Feed } from '../../src/projections/lanes/lane-options.ts'
import { DocumentWork } from '../../src/projections/folding/document-work.ts'
import type { WorkedLane } from '../../src/projections/lanes/lane-work.ts'
import { PageKeys } from '../../src/projections/lanes/page-keys.ts'
import { runLane } from '../../src/projections/lanes/run-lane.ts'
import { filterOf } from '../../src/projections/projection-filter.ts'
import { accountBalances, accountEvents, type Balance } from '../domain/account.ts'
import { BadNetwork, behind } from './bad-network.ts'
import { seededRandom, seeds, type SeededRandom } from './seeded-random.ts'

const BUILD: Build = {
  number: 1,
  projection: 'account-balances',
  version: 1,
  fingerprint: 'f',
  lanes: 1,
}
/** Ignores withdrawals, so that the checkpoint can be behind what was looked at. */
const partlyIgnored = defineProjection({
  ...accountBalances,
  events: accountEvents,
  key: ({ type, streamId: id }) => (type === 'MoneyWithdrawn' ? null : id),
})
const FILTER = filterOf(partlyIgnored)
const ACCOUNTS = ['1', '2', '3', '4', '5', '6']

const anyEvent = (random: SeededRandom): DomainEvent =>
  random.pick([
    accountEvents.AccountOpened({ owner: 'Ada' }),
    accountEvents.MoneyDeposited({ cents: random.below(100) }),
    accountEvents.MoneyDeposited({ cents: random.below(100) }),
    accountEvents.MoneyWithdrawn({ cents: random.below(100) }),
    accountEvents.AccountClosed({}),
  ])

async function write(store: EventStore, random: SeededRandom): Promise<void> {
  for (let left = 60; left > 0; left--) {
    const events = Array.from({ length: 1 + random.below(3) }, () => anyEvent(random))
    await store.append(streamId('account', random.pick(ACCOUNTS)), events, {
      expectedVersion: 'any',
    })
    for (let pause = random.below(6); pause > 0; pause--) await turn()
  }
}

/** One runner's process: runs the lane again whenever it fails, until it has seen the whole log or was killed. */
async function runner(
  store: EventStore,
  storage: ReadModelStorage<Balance>,
  options: {
    name: string
    cacheBytes: number
    pageSize: number
    isOver: () => boolean
  },
) {
  const feed: Feed = (after, signal) => {
    const { types, categories } = FILTER
    return store.readAll({ after, types, categories, signal, pageSize: options.pageSize })
  }
  const claim = { storage, build: BUILD, number: 0, owner: options.name, leaseMs: 600 }
  const lane = {
    ...claim,
    store,
    projection: partlyIgnored,
    filter: FILTER,
    pageKeys: new PageKeys(partlyIgnored, FILTER, 1),
    cacheBytes: options.cacheBytes,
    onFailure: 'stop' as const,
    isNarrowed: false,
    makeWork: (worked: WorkedLane<Balance>) => new DocumentWork(partlyIgnored, worked),
    onCommit: () => undefined,
    onRetry: () => undefined,
    onPark: () => undefined,
  }
  const lease = async (): Promise<void> => {
    const claimed = await claimLane(claim, await storage.readLane(BUILD, 0), { isHeld: false })
    if (claimed !== undefined) await runLane(lane, claimed, feed, new AbortController().signal)
  }
  let isOver = false
  while (!isOver) {
    isOver = options.isOver()
    await lease().catch((error: unknown) => {
      isOver = false
      if (!isTakenByAnother(error, options.name) && !isTransient(error)) throw error
    })
    await turn()
  }
}

const isTransient = (error: unknown): boolean => EverfoldError.is(error) && error.retryable

const isTakenByAnother = (error: unknown, name: string): boolean =>
  error instanceof LaneTakenError && error.owner !== name

async function contents(
  storage: ReadModelStorage<Balance>,
): Promise<ReadonlyMap<string, Balance | undefined>> {
  const found = new Map<string, Balance | undefined>()
  for await (const page of storage.scan(BUILD))
    for (const { key, document } of page) found.set(key, document)
  return found
}

describe('a lane behind a bad network, with killed and competing runners', () => {
  test.each(seeds(60))('ends as a fresh fold of the log (seed %i)', async (seed) => {
    const random = seededRandom(seed)
    const store = memoryEventStore({ catalogs: [accountEvents] })
    const { storage } = new MemoryReadModel<Balance>()
    await storage.writeBuilds(undefined, {
      revision: 'r',
      newest: 1,
      live: BUILD,
      building: undefined,
      previous: undefined,
      dropping: [],
      rolledBack: [],
      isPaused: false,
    })
    await storage.prepare(BUILD)
    const options = { cacheBytes: random.pick([1, 700, 1400, 1e6]), pageSize: 1 + random.below(5) }
    const lossRate = random.pick([0, 0.02, 0.1])
    const mostTurns = random.pick([10, 150, 600])
    const isWrittenBefore = random.chance(0.5)
    let isWritten = false
    if (isWrittenBefore) await write(store, random)
    const networks: BadNetwork[] = []
    const start = (name: string, isOver: () => boolean): Promise<void> => {
      const network = new BadNetwork(random, lossRate)
      networks.push(network)
      return runner(store, behind(network, storage), {
        name,
        ...options,
        isOver,
      })
    }

    for (let left = random.below(3); left > 0; left--) void start(`killed-${left}`, () => false)
    const writing = write(store, random)
    for (const network of [...networks]) {
      for (let wait = random.below(mostTurns); wait > 0; wait--) await turn()
      network.kill()
    }
    const last = start('last', () => isWritten)
    await writing
    isWritten = true
    for (const network of networks) network.heal()
    await last

    expect(await contents(storage)).toEqual(
      await asOf(
        partlyIgnored,
        { position: (await store.head())?.position ?? globalPosition(0) },
        { store },
      ),
    )
    expect((await storage.readLane(BUILD, 0)).checkpoint).toEqual(await store.head())
  })
})
