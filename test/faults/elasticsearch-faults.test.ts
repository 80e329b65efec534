import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import { ElasticsearchReadModel } from '../../src/adapters/elasticsearch/index.ts'
import {
  asOf,
  project,
  ProjectionRunner,
  streamId,
  type DomainEvent,
  type EventStore,
  type Placement,
} from '../../src/index.ts'
import {
  describeOnElasticsearch,
  ElasticsearchServer,
} from '../adapters/elasticsearch/elasticsearch-server.ts'
import {
  FaultyElasticsearch,
  idsOf,
  isDocumentBulk,
  itemAnswer,
} from '../adapters/elasticsearch/faulty-elasticsearch.ts'
import { accountBalances, accountEvents, type Balance } from '../domain/account.ts'
import { openStore, silent } from '../projections/runner-fixture.ts'
import { isFullSize } from './full-size.ts'
import { PrivateElasticsearch } from './private-elasticsearch.ts'
import { seededRandom, seeds, type SeededRandom } from './seeded-random.ts'

jest.jest.setTimeout(60_000)

const LEASE_MS = 300
const ACCOUNTS = 12
const NAME = accountBalances.name

const server = new ElasticsearchServer()
jest.afterAll(() => server.close())

const mappings = {
  properties: {
    owner: { type: 'keyword' },
    cents: { type: 'long' },
    events: { type: 'integer' },
  },
}

const modelAt = (node: string, index: string): ElasticsearchReadModel<Balance> =>
  new ElasticsearchReadModel<Balance>({ client: server.client(node), index, mappings })

interface Running {
  readonly pageSize?: number
  readonly placement?: Placement
  readonly projection?: typeof accountBalances
}

function runnerOf(
  store: EventStore,
  model: ElasticsearchReadModel<Balance>,
  { pageSize = 1000, placement, projection = accountBalances }: Running = {},
): ProjectionRunner {
  return new ProjectionRunner({
    ...{ store, projections: [project(projection).into(model, placement)] },
    ...{ logger: silent, leaseMs: LEASE_MS, pageSize },
  })
}

/** Creations, updates, deletions, and creations of what was deleted. */
function anyEvent(random: SeededRandom): DomainEvent {
  return random.pick([
    accountEvents.AccountOpened({ owner: `owner ${random.below(100)}` }),
    accountEvents.MoneyDeposited({ cents: random.below(100) }),
    accountEvents.MoneyWithdrawn({ cents: random.below(100) }),
    accountEvents.AccountClosed({}),
  ])
}

async function appendSome(store: EventStore, random: SeededRandom, appends: number): Promise<void> {
  for (let left = appends; left > 0; left--) {
    const stream = streamId('account', String(random.below(ACCOUNTS)))
    await store.append(stream, [anyEvent(random)], { expectedVersion: 'any' })
  }
}

/** Keys whose documents are not what a fold of the log gives. */
async function wrongIn(
  model: ElasticsearchReadModel<Balance>,
  store: EventStore,
): Promise<readonly string[]> {
  const head = await store.head()
  if (head === undefined) return []
  const expected = await asOf(accountBalances, { position: head.position }, { store })
  const keys = Array.from({ length: ACCOUNTS }, (_, number) => `account-${number}`)
  const found = await model.getMany(keys)
  return keys.filter((key) => JSON.stringify(found.get(key)) !== JSON.stringify(expected.get(key)))
}

/** Lets a runner's next bulk through, wholly or in part, and nothing that it sends after it. */
function dieAfterBulk(faulty: FaultyElasticsearch, random: SeededRandom): Promise<void> {
  const arrived = random.chance(0.5) ? 1 : random.next()
  return new Promise((resolve) => {
    let isDead = false
    faulty.on((asked) => {
      if (isDead) return { answer: { status: 503, body: {} }, cut: true }
      if (!isDocumentBulk(asked)) return undefined
      isDead = true
      resolve()
      const isLost = new Map(idsOf(asked).map((id) => [id, random.next() >= arrived]))
      const turnDown = (id: string) =>
        isLost.get(id) === true ? itemAnswer(503, 'unavailable_shards_exception') : undefined
      return { turnDown, cut: true }
    })
  })
}

describeOnElasticsearch('a runner that dies between its bulk and its lane', () => {
  jest.test.each(seeds(isFullSize ? 100 : 20))(
    'leaves nothing that a takeover with smaller batches folds twice, seed %i',
    async (seed) => {
      const random = seededRandom(seed)
      const store = openStore()
      const index = server.anyIndex()
      await using faulty = await FaultyElasticsearch.listen(server.url)
      await appendSome(store, random, random.below(40))
      await runnerOf(store, modelAt(server.url, index)).runUntilCaughtUp()
      await appendSome(store, random, 10 + random.below(40))
      const died = dieAfterBulk(faulty, random)
      const dying = runnerOf(store, modelAt(faulty.url, index))
      const over = dying.runUntilCaughtUp().catch(() => undefined)
      await died
      await sleep(50)
      await appendSome(store, random, 10 + random.below(40)) // what was folded twice would be written with these

      const heir = modelAt(server.url, index)
      await runnerOf(store, heir, { pageSize: 1 + random.below(5) }).runUntilCaughtUp()

      expect(await wrongIn(heir, store)).toEqual([])
      faulty.on(() => ({ answer: { status: 400, body: {} } }))
      await over
    },
  )
})

/** Holds the next bulk of a runner back until it is let go. */
function holdBulk(faulty: FaultyElasticsearch): { held: Promise<void>; letGo: () => unknown } {
  const gate = new EventEmitter()
  const letGone = once(gate, 'letGo')
  const held = once(gate, 'held').then(() => undefined)
  let isFirst = true
  faulty.on((asked) => {
    if (!isFirst || !isDocumentBulk(asked)) return undefined
    isFirst = false
    gate.emit('held')
    return { after: letGone }
  })
  return { held, letGo: () => gate.emit('letGo') }
}

interface Zombie extends AsyncDisposable {
  readonly store: EventStore
  readonly index: string
  readonly heir: ElasticsearchReadModel<Balance>
  /** Its bulk arrives now. */
  wake(): Promise<void>
}

/** A runner whose bulk is on its way while another one has taken its lane and folded the same events, and later ones. */
async function zombieOn(url: string): Promise<Zombie> {
  const random = seededRandom(7)
  const store = openStore()
  const index = server.anyIndex()
  const faulty = await FaultyElasticsearch.listen(url)
  const heir = modelAt(url, index)
  await appendSome(store, random, 30)
  await runnerOf(store, heir).runUntilCaughtUp()
  await appendSome(store, random, 30)
  const { held, letGo } = holdBulk(faulty)
  const zombie = runnerOf(store, modelAt(faulty.url, index))
  const running = zombie.runUntilCaughtUp().catch(() => undefined)
  await held
  await appendSome(store, random, 30)
  await runnerOf(store, heir).runUntilCaughtUp()
  return {
    ...{ store, index, heir },
    wake: async () => {
      letGo()
      await faulty.settled()
      await running
    },
    [Symbol.asyncDispose]: () => faulty[Symbol.asyncDispose](),
  }
}

describeOnElasticsearch("a bulk that arrives late, when its sender's lane has gone on", () => {
  jest.test('changes nothing after a takeover', async () => {
    await using zombie = await zombieOn(server.url)
    const { heir, store } = zombie
    const before = await wrongIn(heir, store)

    await zombie.wake()

    expect([before, await wrongIn(heir, store)]).toEqual([[], []])
  })

  jest.test('makes nothing after its build was dropped', async () => {
    await using zombie = await zombieOn(server.url)
    const { heir, store, index } = zombie
    const runner = runnerOf(store, heir)
    await runner.rebuild(NAME)
    await runner.prune(NAME)

    await server.whileMakingIndices(index, () => zombie.wake())

    const found = await server.client().indices.get({ index: `${index}-b*` })
    expect(Object.keys(found).map((name) => name.split('-').at(-2))).toEqual(['b2'])
    expect(await wrongIn(heir, store)).toEqual([])
  })

  jest.test(
    'changes nothing after the server was restarted',
    async () => {
      await using own = await PrivateElasticsearch.start()
      await using zombie = await zombieOn(own.url)
      const { heir, store } = zombie
      await own.crash()
      await own.restart()

      await zombie.wake()

      expect(await wrongIn(heir, store)).toEqual([])
    },
    240_000,
  )
})

describeOnElasticsearch('one document among many that the index refuses', () => {
  const POISON = 2 ** 40
  const narrow = {
    properties: { ...mappings.properties, cents: { type: 'integer' } },
  }

  const poisoned = async (placement: Placement) => {
    const store = openStore()
    const events = Array.from({ length: 5000 }, (_, number) => number)
    for (const number of events)
      await store.append(
        streamId('account', String(number)),
        [accountEvents.MoneyDeposited({ cents: number === 2500 ? POISON : number })],
        { expectedVersion: 'no-stream' },
      )
    const model = new ElasticsearchReadModel<Balance>({
      ...{ client: server.client(), index: server.anyIndex(), mappings: narrow },
    })
    const runner = runnerOf(store, model, { pageSize: 5000, placement })
    return { model, runner }
  }

  jest.test('is set aside alone, with its event, where failures are parked', async () => {
    const { model, runner } = await poisoned({ onFailure: 'park' })

    await runner.runUntilCaughtUp()

    const keys = Array.from({ length: 5000 }, (_, number) => `account-${number}`)
    const found = await model.getMany(keys)
    expect(found.size).toBe(4999)
    expect(found.has('account-2500')).toBe(false)
    const parked = []
    for await (const each of runner.parked(NAME)) parked.push(each)
    expect(parked).toMatchObject([{ key: 'account-2500' }])
    expect(parked[0]?.error).toMatch(/'cents'.*position 2501/)
  })

  jest.test('stops the lane, with its field, key and event, where failures stop it', async () => {
    const { runner } = await poisoned({ onFailure: 'stop' })

    await expect(runner.runUntilCaughtUp()).rejects.toMatchObject({
      code: 'DOCUMENT_REFUSED',
      cause: { code: 'FIELD_REFUSED', field: 'cents', key: 'account-2500', position: 2501n },
    })
  })
})

describeOnElasticsearch('a bulk that the server took', () => {
  jest.test('counts once when the connection is cut before the answer', async () => {
    const random = seededRandom(3)
    const store = openStore()
    const index = server.anyIndex()
    await using faulty = await FaultyElasticsearch.listen(server.url)
    await appendSome(store, random, 200)
    let bulks = 0
    faulty.on((asked) => (isDocumentBulk(asked) && ++bulks % 2 === 1 ? { cut: true } : undefined))
    const model = modelAt(faulty.url, index)

    await runnerOf(store, model, { pageSize: 50 }).runUntilCaughtUp()

    expect(bulks).toBeGreaterThan(4)
    expect(await wrongIn(model, store)).toEqual([])
  })
})

describeOnElasticsearch('a rebuild under load', () => {
  jest.test('loses nothing where a server turns down every third document once', async () => {
    const random = seededRandom(5)
    const store = openStore()
    const index = server.anyIndex()
    await using faulty = await FaultyElasticsearch.listen(server.url)
    await appendSome(store, random, 100)
    faulty.on((asked) =>
      isDocumentBulk(asked)
        ? {
            turnDown: () => {
              const status = random.pick([429, 503])
              return random.chance(0.3) ? itemAnswer(status, 'busy') : undefined
            },
          }
        : undefined,
    )
    const model = modelAt(faulty.url, index)
    const runner = runnerOf(store, model, { pageSize: 20 })
    await runner.start()
    await appendSome(store, random, 50)

    const [report] = await runner.rebuild(NAME)

    await model.waitFor((await store.head())?.position, { timeoutMs: 20_000 })
    await runner.stop()
    expect(report).toMatchObject({ isLive: true, isIdentical: true })
    expect(await wrongIn(model, store)).toEqual([])
  })
})
