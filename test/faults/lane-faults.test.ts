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
import { announcementsOf } from '../../src/projections/lane-announcements.ts'
import { runLane, type Feed } from '../../src/projections/lane.ts'
import { accountBalances, accountEvents, type Balance } from '../domain/account.ts'
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
const ACCOUNTS = ['1', '2', '3', '4', '5', '6']

class LostReplyError extends EverfoldError {
  readonly code = 'LOST_REPLY'
  readonly retryable = true
}

/** Never settles: what a process awaits that was killed. */
const FOREVER = new Promise<never>(() => undefined)

/** A sink behind a bad network: what it is asked arrives late or never, its replies are lost, and a killed process gets none. */
class BadNetwork {
  readonly #random: SeededRandom
  /** Share of calls that are lost on the way, and again of replies. */
  #lossRate: number
  #isKilled = false

  constructor(random: SeededRandom, lossRate: number) {
    this.#random = random
    this.#lossRate = lossRate
  }

  heal(): void {
    this.#lossRate = 0
  }

  kill(): void {
    this.#isKilled = true
  }

  isKilled(): boolean {
    return this.#isKilled
  }

  readonly call = async <Result>(ask: () => Promise<Result>): Promise<Result> => {
    await this.#turns()
    if (this.isKilled()) return FOREVER
    if (this.#random.chance(this.#lossRate)) {
      if (this.#random.chance(0.5)) void this.#turns(40).then(ask) // arrives late, after its sender gave up
      throw new LostReplyError('lost on the way')
    }
    const result = await ask()
    await this.#turns()
    if (this.isKilled()) return FOREVER
    if (this.#random.chance(this.#lossRate)) throw new LostReplyError('the reply was lost')
    return result
  }

  async #turns(most = 4): Promise<void> {
    for (let left = this.#random.below(most); left > 0; left--) await turn()
  }
}

function behind<Document>(
  network: BadNetwork,
  storage: ReadModelStorage<Document>,
): ReadModelStorage<Document> {
  /** Somebody begins to wait, between any two steps of the one who is answered. */
  const poke = async (): Promise<void> => {
    for (let steps = 0; steps < 12; steps++) {
      announcementsOf(inFront).wait()()
      await Promise.resolve()
    }
  }
  const poked = <Result>(answer: Promise<Result>): Promise<Result> => {
    answer.then(poke, poke)
    return answer
  }
  const inFront: ReadModelStorage<Document> = {
    sink: storage.sink,
    name: storage.name,
    prepare: (build) => network.call(() => storage.prepare(build)),
    readLane: (build, lane) => network.call(() => storage.readLane(build, lane)),
    writeLane: (build, step) => poked(network.call(() => storage.writeLane(build, step))),
    load: (build, keys) => poked(network.call(() => storage.load(build, keys))),
    commit: (build, step, writes) => poked(network.call(() => storage.commit(build, step, writes))),
    scan: (build) => storage.scan(build),
    readBuilds: () => network.call(() => storage.readBuilds()),
    writeBuilds: (previous, next) => network.call(() => storage.writeBuilds(previous, next)),
    publish: (build) => network.call(() => storage.publish(build)),
    drop: (build) => network.call(() => storage.drop(build)),
  }
  return inFront
}

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
  const feed: Feed = (after, { types, categories }, signal) =>
    store.readAll({ after, types, categories, signal, pageSize: options.pageSize })
  const lane = {
    isRetry: false,
    projection: partlyIgnored,
    storage,
    build: BUILD,
    owner: options.name,
    cacheBytes: options.cacheBytes,
    onCommit: () => undefined,
  }
  let isOver = false
  while (!isOver) {
    isOver = options.isOver()
    await runLane(lane, feed, new AbortController().signal).catch((error: unknown) => {
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
