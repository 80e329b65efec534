import { randomUUID } from 'node:crypto'
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
  type EventStore,
  type ReadModelStorage,
} from '../../src/index.ts'
import { claimLane, writeLane } from '../../src/projections/lanes/lane-claim.ts'
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
const ACCOUNTS = ['1', '2', '3']
/** Of a deposit whose row throws, or whose document the sink refuses, until it is corrected. */
const [THROWS, REFUSED] = [666, 777]

/** Code that is corrected at some moment: until then deposits of some amounts fail. */
class Correction {
  isMade = false

  readonly projection = defineProjection({
    ...accountBalances,
    events: accountEvents,
    on: {
      ...accountBalances.on,
      MoneyDeposited: (balance, event) => {
        if (event.data.cents === THROWS && !this.isMade) throw new RangeError('not that much')
        return accountBalances.on.MoneyDeposited?.(balance, event) ?? null
      },
    },
  })
}

/** A sink that refuses some documents, until it is corrected. */
function picky(
  storage: ReadModelStorage<Balance>,
  correction: Correction,
): ReadModelStorage<Balance> {
  const inner = behind(new BadNetwork(seededRandom(1), 0), storage)
  return {
    ...inner,
    commit: async (build, step, changes) => {
      const refused = changes.writes.filter(
        ({ document }) => document !== undefined && document.cents % 1000 === REFUSED,
      )
      if (refused.length > 0 && !correction.isMade)
        return { refused: new Map(refused.map(({ key }) => [key, new RangeError('too large')])) }
      return storage.commit(build, step, changes)
    },
  }
}

async function write(store: EventStore, random: SeededRandom): Promise<void> {
  for (let left = 50; left > 0; left--) {
    const events = Array.from({ length: 1 + random.below(3) }, () =>
      random.chance(0.1)
        ? accountEvents.AccountClosed({})
        : accountEvents.MoneyDeposited({
            cents: random.chance(0.06) ? random.pick([THROWS, REFUSED]) : random.below(5),
          }),
    )
    await store.append(streamId('account', random.pick(ACCOUNTS)), events, {
      expectedVersion: 'any',
    })
    for (let pause = random.below(4); pause > 0; pause--) await turn()
  }
}

interface RunnerOptions {
  readonly name: string
  readonly correction: Correction
  readonly pageSize: number
  readonly isOver: () => boolean
}

async function runner(
  store: EventStore,
  storage: ReadModelStorage<Balance>,
  { name, correction, pageSize, isOver }: RunnerOptions,
): Promise<void> {
  const { projection } = correction
  const filter = filterOf(projection)
  const { types, categories } = filter
  const feed: Feed = (after, signal) =>
    store.readAll({ after, types, categories, signal, pageSize })
  const claim = { storage, build: BUILD, number: 0, owner: name, leaseMs: 600 }
  const pageKeys = new PageKeys(projection, filter, 1)
  const hooks = {
    makeWork: (worked: WorkedLane<Balance>) => new DocumentWork(projection, worked),
    onCommit: () => undefined,
    onRetry: () => undefined,
    onPark: () => undefined,
  }
  const lane = {
    ...claim,
    ...hooks,
    store,
    projection,
    filter,
    pageKeys,
    cacheBytes: 1e6,
    onFailure: 'park' as const,
    isNarrowed: false,
  }
  for (let isDone = false; !isDone;) {
    isDone = isOver()
    try {
      const claimed = await claimLane(claim, await storage.readLane(BUILD, 0), { isHeld: false })
      if (claimed === undefined)
        isDone = false // somebody was faster: the end was not reached yet
      else await runLane(lane, claimed, feed, new AbortController().signal)
    } catch (error) {
      isDone = false
      const isTransient = EverfoldError.is(error) && error.retryable
      if (!isTransient && !(error instanceof LaneTakenError)) throw error
    }
    await turn()
  }
}

/** Asks for all parked keys to be folded again; gives how many there were. */
async function retryAll(storage: ReadModelStorage<Balance>): Promise<number> {
  const lane = { storage, build: BUILD, number: 0 }
  const previous = await storage.readLane(BUILD, 0)
  const requests = [...previous.parked.keys()].map((key) => ({
    id: randomUUID(),
    key,
    discard: undefined,
  }))
  if (requests.length > 0)
    await writeLane(lane, previous, {
      ...previous,
      requests: [...previous.requests, ...requests],
      revision: randomUUID(),
    })
  return requests.length
}

async function contents(storage: ReadModelStorage<Balance>) {
  const found = new Map<string, Balance | undefined>()
  for await (const page of storage.scan(BUILD))
    for (const { key, document } of page) found.set(key, document)
  return found
}

describe('parked keys behind a bad network, with killed and competing runners', () => {
  test.each(seeds(60))('end as if nothing had failed (seed %i)', async (seed) => {
    const random = seededRandom(seed)
    const store = memoryEventStore({ catalogs: [accountEvents] })
    const { storage } = new MemoryReadModel<Balance>()
    const record = { newest: 1, live: BUILD, building: undefined, previous: undefined }
    const rest = { dropping: [], rolledBack: [], isPaused: false }
    await storage.writeBuilds(undefined, { revision: 'r', ...record, ...rest })
    await storage.prepare(BUILD)
    const correction = new Correction()
    const sink = picky(storage, correction)
    const pageSize = 1 + random.below(6)
    const lossRate = random.pick([0, 0.02, 0.08])
    const networks: BadNetwork[] = []
    const start = (name: string, isOver: () => boolean): Promise<void> => {
      const network = new BadNetwork(random, lossRate)
      networks.push(network)
      return runner(store, behind(network, sink), { name, correction, pageSize, isOver })
    }
    let isWritten = false

    for (let left = random.below(3); left > 0; left--) void start(`killed-${left}`, () => false)
    const writing = write(store, random)
    for (const network of [...networks]) {
      for (let wait = random.below(300); wait > 0; wait--) {
        await turn()
        if (random.chance(0.02)) await retryAll(storage)
      }
      network.kill()
    }
    const last = start('last', () => isWritten)
    for (let wait = random.below(200); wait > 0; wait--) {
      await turn()
      if (random.chance(0.02)) await retryAll(storage)
    }
    await writing
    isWritten = true
    for (const network of networks) network.heal()
    await last
    correction.isMade = true
    for (let rounds = 0; (await retryAll(storage)) > 0 && rounds < 20; rounds++)
      await runner(store, sink, { name: 'after', correction, pageSize, isOver: () => true })

    const { parked, checkpoint } = await storage.readLane(BUILD, 0)
    expect(parked.size).toBe(0)
    expect(checkpoint).toEqual(await store.head())
    const head = (await store.head())?.position ?? globalPosition(0)
    expect(await contents(storage)).toEqual(
      await asOf(correction.projection, { position: head }, { store }),
    )
    for await (const page of storage.readParked(BUILD, 0)) expect(page).toEqual([])
  })
})
