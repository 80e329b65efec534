import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import {
  project,
  ProjectionRunner,
  streamId,
  type DomainEvent,
  type EventStore,
  type GlobalPosition,
  type ReadModel,
  type StreamId,
} from '../../src/index.ts'
import { ElasticsearchServer } from '../adapters/elasticsearch/elasticsearch-server.ts'
import { PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { connect, redisUrl, removeKeys } from '../adapters/redis/redis-server.ts'
import { accountBalances, accountEvents, type Balance } from '../domain/account.ts'
import { altered, silent as silentLogger } from '../projections/runner-fixture.ts'
import { bankRows, statedAfter, type BankRow } from './bank-rows.ts'
import { openStore } from './open-store.ts'
import { trails, wrongTrails, type Trail } from './projection-trails.ts'
import { skippedOn, urlOf } from './sinks/describe-on-sinks.ts'
import type { OpenSink, SinkName } from './sinks/fault-sink.ts'
import { FAULT_SINKS } from './sinks/fault-sinks.ts'
import { TcpProxy } from './tcp-proxy.ts'

jest.setTimeout(180_000)

const SINKS = Object.values(FAULT_SINKS)
const LANES = 2
const TIMEOUT_MS = 60_000
/** For a step that takes some 50 ms: who waits for a sink behind a gate waits for ever. */
const GATED_MS = 15_000
/** In which rows are appended while a sink does not answer. */
const STEPS = 15
/** Share of the file that is there before the runner begins. */
const BEFORE = 0.8

const skipped = SINKS.map(skippedOn).find((reason) => reason !== undefined)
const suite = skipped === undefined ? describe : describe.skip

suite(
  `one projection into Postgres, Redis and Elasticsearch${skipped ? ` (skipped: ${skipped})` : ''}`,
  () => {
    const server = new PostgresServer()
    const namespace = server.anySchema()
    const opened: OpenSink[] = []
    const proxies = new Map<SinkName, TcpProxy>()
    const models = new Map<SinkName, ReadModel<Balance>>()
    let store: EventStore
    let runner: ProjectionRunner
    let rows: readonly BankRow[]
    /** How many rows are appended while a sink does not answer. */
    let more: number
    let appended = 0

    beforeAll(async () => {
      const pool = server.pool()
      await pool.query(`CREATE SCHEMA ${namespace}`)
      store = openStore(pool, namespace)
      for (const sink of SINKS) {
        const proxy = await TcpProxy.listen(urlOf(sink))
        const open: OpenSink = await sink.open({ url: proxy.url, namespace })
        opened.push(open)
        proxies.set(sink.name, proxy)
        models.set(sink.name, open.balances())
      }
      rows = await bankRows()
      more = Math.min(300, Math.floor(rows.length / 20 / STEPS) * STEPS)
      runner = new ProjectionRunner({
        store,
        logger: silentLogger,
        leaseMs: 3000,
        projections: [...models.values()].map((model) =>
          project(accountBalances).into(model, { lanes: LANES }),
        ),
      })
      await append(Math.floor(rows.length * BEFORE))
      await runner.start()
    })

    afterAll(async () => {
      await runner.stop()
      for (const each of [...opened, ...proxies.values()]) await each[Symbol.asyncDispose]()
      await forget(namespace)
      await server.close()
    })

    test('gives the same answers for every account', async () => {
      const head = await headOf(store)

      const answers = await answersOf(models, head, rows)

      for (const answer of answers) expect(answer).toEqual(statedAfter(rows.slice(0, appended)))
    })

    test('gives them after a rebuild of each, too, while events are appended', async () => {
      const state = { isDone: false }
      const rebuilt = runner.rebuild(accountBalances.name).finally(() => {
        state.isDone = true
      })
      const limit = rows.length - SINKS.length * more
      while (!state.isDone && appended < limit) await append(Math.min(20, limit - appended))
      const reports = await rebuilt

      expect(reports.map(({ isIdentical, isLive }) => [isIdentical, isLive])).toEqual(
        SINKS.map(() => [true, true]),
      )
      const answers = await answersOf(models, await headOf(store), rows)
      for (const answer of answers) expect(answer).toEqual(statedAfter(rows.slice(0, appended)))
    })

    for (const { name, title } of SINKS)
      test(`goes on in the others while ${title} does not answer`, async () => {
        const others = new Map([...models].filter(([other]) => other !== name))
        proxies.get(name)?.silence({ andNew: true })
        const head = await appendInSteps(others)

        const meanwhile = await answersOf(others, head, rows)
        proxies.get(name)?.resume()
        const after = await answersOf(models, head, rows)

        for (const answer of [...meanwhile, ...after])
          expect(answer).toEqual(statedAfter(rows.slice(0, appended)))
      })

    for (const { name, title } of SINKS)
      test(`goes on in the others however long ${title} takes to answer`, async () => {
        const all = new Map(
          opened.map((open, index) => [SINKS[index]?.name ?? name, open.trails()]),
        )
        const silent = all.get(name) ?? never()
        const others = [...all.values()].filter((model) => model !== silent)
        const gate = new Gate()
        await using tracing = new ProjectionRunner({
          store,
          logger: silentLogger,
          leaseMs: 60_000,
          projections: [
            ...others.map((model) => project(trails).into(model)),
            project(trails).into(gate.before(silent)),
          ],
        })
        await tracing.runUntilCaughtUp()
        await tracing.start()
        await depositInSteps(1, [...all.values()]) // all of them follow

        gate.shut()
        try {
          await depositInSteps(STEPS, others)
        } finally {
          gate.open()
        }

        for (const model of all.values()) expect(await wrongTrails(model, store)).toEqual([])
      })

    /** Each step is a page of its own: more of them than are kept for who does not take them. @returns the head. */
    async function appendInSteps(awaited: typeof models): Promise<GlobalPosition | undefined> {
      let head: GlobalPosition | undefined
      for (let step = 0; step < STEPS; step++) {
        await append(Math.ceil(more / STEPS))
        head = await headOf(store)
        for (const model of awaited.values()) await model.waitFor(head, { timeoutMs: TIMEOUT_MS })
      }
      return head
    }

    /** The same by deposits to an account that is not in the file. */
    async function depositInSteps(
      steps: number,
      awaited: readonly ReadModel<Trail>[],
    ): Promise<void> {
      for (let step = 0; step < steps; step++) {
        const deposit = accountEvents.MoneyDeposited({ cents: step })
        const { position } = await store.append(streamId('account', '0'), [deposit], {
          expectedVersion: 'any',
        })
        for (const model of awaited) await model.waitFor(position, { timeoutMs: GATED_MS })
      }
    }

    /** Appends the next rows of the file. */
    async function append(count: number): Promise<void> {
      const next = rows.slice(appended, appended + count)
      if (next.length < count) throw new Error('The file has not enough rows for all tests.')
      for (let from = 0; from < next.length; from += 500) {
        const byAccount = new Map<StreamId, DomainEvent[]>()
        for (const { account, event } of next.slice(from, from + 500))
          byAccount.set(account, [...(byAccount.get(account) ?? []), event])
        await store.appendAll(
          [...byAccount].map(([account, events]) => ({
            streamId: account,
            events,
            expectedVersion: 'any' as const,
          })),
        )
      }
      appended += next.length
    }
  },
)

/** Keeps a sink from taking what is written to it for as long as it is shut: no deadline ends that. */
class Gate {
  #way = Promise.resolve()
  #open = (): void => undefined

  shut(): void {
    this.#way = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  open(): void {
    this.#open()
  }

  before(model: ReadModel<Trail>): ReadModel<Trail> {
    return altered(model, (storage) => ({
      writeLane: async (...step) => {
        await this.#way
        return storage.writeLane(...step)
      },
      commit: async (...step) => {
        await this.#way
        return storage.commit(...step)
      },
    }))
  }
}

function never(): never {
  throw new Error('There is no such sink.')
}

/** Removes what the tests put into the sinks beside the log. */
async function forget(namespace: string): Promise<void> {
  const elasticsearch = new ElasticsearchServer()
  await elasticsearch.remove(namespace)
  await elasticsearch.close()
  const redis = await connect(redisUrl())
  await removeKeys(redis, `${namespace}-balances`)
  await removeKeys(redis, `${namespace}-trails`)
  await redis.close()
}

async function headOf(store: EventStore): Promise<GlobalPosition | undefined> {
  return (await store.head())?.position
}

/** What each read model says of all accounts, in cents, when it has got to a position. */
async function answersOf(
  models: ReadonlyMap<SinkName, ReadModel<Balance>>,
  position: GlobalPosition | undefined,
  rows: readonly BankRow[],
): Promise<readonly ReadonlyMap<string, number>[]> {
  const accounts = [...new Set(rows.map(({ account }) => account))]
  return Promise.all(
    [...models.values()].map(async (model) => {
      await model.waitFor(position, { timeoutMs: TIMEOUT_MS })
      const found = await model.getMany(accounts)
      return new Map([...found].map(([key, { cents }]) => [key, cents]))
    }),
  )
}
