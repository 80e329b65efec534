import { setTimeout as sleep } from 'node:timers/promises'
import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import type pg from 'pg'
import type { PostgresReadModel } from '../../src/adapters/postgres/index.ts'
import { project, ProjectionRunner, streamId, type EventStore } from '../../src/index.ts'
import { describeOnServer, PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { silent } from '../projections/runner-fixture.ts'
import { isFullSize } from './full-size.ts'
import { openStore } from './open-store.ts'
import { WatchfulReaders } from './projection-load-readers.ts'
import {
  anyDeposits,
  keepAppending,
  openTrails,
  trailKeys,
  trails,
  wrongTrails,
  type Trail,
} from './projection-trails.ts'
import { seededRandom, seeds, type SeededRandom } from './seeded-random.ts'

const server = new PostgresServer()
jest.afterAll(() => server.close())

const ACCOUNTS = 50
const EVENTS_PER_SECOND = isFullSize ? 1000 : 200
/** Between two switches. */
const PAUSE_MS = isFullSize ? 4000 : 300
const APPENDS = isFullSize ? 150 : 12

describeOnServer('readers of a projection under load', () => {
  for (const seed of seeds(1)) {
    server.test(
      `see no gap and nothing older while it is rebuilt, rolled back and rolled forward, seed ${seed}`,
      async () => {
        const load = await Load.begin(seed)
        const { runner, models, store } = load
        const readers = load.readers()
        await runner.start()
        await sleep(PAUSE_MS)

        const reports = [...(await runner.rebuild('trails')), ...(await runner.rebuild('trails'))]
        await sleep(PAUSE_MS)
        const back = await runner.rollback('trails')
        await sleep(PAUSE_MS)
        const forward = await runner.rollback('trails')
        await sleep(PAUSE_MS)
        const verified = await runner.verify('trails')
        const appended = await load.end()
        const wrong = await Promise.all(models.map((model) => wrongTrails(model, store)))
        const complaints = await readers.end()
        await runner.stop()

        expect(complaints).toEqual([])
        expect(readers.looks).toBeGreaterThan(100)
        expect(appended).toBeGreaterThan(EVENTS_PER_SECOND)
        expect(reports.map(({ isLive, build }) => [isLive, build.number])).toEqual([
          ...[
            [true, 2],
            [true, 2],
          ],
          ...[
            [true, 3],
            [true, 3],
          ],
        ])
        expect(back.map(({ live }) => live.number)).toEqual([2, 2])
        expect(forward.map(({ live }) => live.number)).toEqual([3, 3])
        expect(verified).toMatchObject([{ isIdentical: true }, { isIdentical: true }])
        expect(wrong).toEqual([[], []])
      },
      180_000,
    )

    server.test(
      `see no gap and nothing older when they are switched by hand, seed ${seed}`,
      async () => {
        const load = await Load.begin(seed, { switch: 'manual' })
        const { runner, models, store } = load
        const readers = load.readers()
        await runner.start()
        await sleep(PAUSE_MS)

        const reports = await runner.rebuild('trails')
        await sleep(PAUSE_MS)
        const between = await Promise.all(models.map(({ storage }) => storage.readBuilds()))
        const switched = await runner.switchReaders('trails')
        await load.end()
        const wrong = await Promise.all(models.map((model) => wrongTrails(model, store)))
        const complaints = await readers.end()
        await runner.stop()

        expect(complaints).toEqual([])
        expect(reports).toMatchObject([{ isLive: false }, { isLive: false }])
        expect(between).toMatchObject([
          { live: { number: 1 }, building: { number: 2 } },
          { live: { number: 1 }, building: { number: 2 } },
        ])
        expect(switched.map(({ live }) => live.number)).toEqual([2, 2])
        expect(wrong).toEqual([[], []])
      },
      180_000,
    )
  }

  server.test(
    'learn by verify of a document that somebody has changed, and a rebuild mends it',
    async () => {
      const load = await Load.begin(1)
      const { runner, schema, pool, store, models } = load
      await runner.start()
      await sleep(PAUSE_MS)
      await load.end() // else the next event of the key writes the document again
      await models[0].waitFor((await store.head())?.position)

      const { rows } = await pool.query<{ key: string }>(
        `UPDATE ${schema}.trails_b1 SET digest = -1 WHERE key = (SELECT key FROM ${schema}.trails_b1 LIMIT 1) RETURNING key`,
      )
      const [found, other] = await runner.verify('trails')
      await runner.rebuild('trails')
      const [mended] = await runner.verify('trails')
      await runner.stop()

      expect(found).toMatchObject({ isIdentical: false, differences: [{ key: rows[0]?.key }] })
      expect(other).toMatchObject({ isIdentical: true })
      expect(mended).toMatchObject({ isIdentical: true })
    },
    120_000,
  )
})

describeOnServer('three runners over eight lanes', () => {
  for (const seed of seeds(1))
    server.test(
      `fold each key in order while 64 writers hold transactions open, seed ${seed}`,
      async () => {
        const random = seededRandom(seed)
        const schema = server.anySchema()
        await server.pool().query(`CREATE SCHEMA ${schema}`)
        const writers = server.pool({ max: 64 })
        const store = openStore(writers, schema)
        await store.head()
        const others = [1, 2, 3].map(() => server.pool({ max: 6 }))
        const models = others.map((pool) => openTrails(pool, schema))
        const runners = others.map((pool, index) =>
          runnerOf(openStore(pool, schema), [models[index] as PostgresReadModel<Trail>]),
        )
        for (const runner of runners) await runner.start()

        await Promise.all(
          Array.from({ length: 64 }, () =>
            transact(store, writers, seededRandom(random.below(1e9))),
          ),
        )
        const wrong = await wrongTrails(models[0] as PostgresReadModel<Trail>, store)
        const [status] = await (runners[0] as ProjectionRunner).status()
        for (const runner of runners) await runner.stop()

        expect(wrong).toEqual([])
        expect(status?.positionsBehind).toBe(0n)
        expect(new Set(status?.lanes.map(({ owner }) => owner)).size).toBe(3)
      },
      180_000,
    )
})

/** Appends in transactions of its own, some of several streams, some undone. */
async function transact(
  store: ReturnType<typeof openStore>,
  pool: pg.Pool,
  random: SeededRandom,
): Promise<void> {
  for (let left = APPENDS; left > 0; left--) {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      // One stream per transaction: two of them could wait for each other.
      const stream = streamId('account', String(random.below(ACCOUNTS)))
      const events = anyDeposits(random, 4)
      await store.within(client).append(stream, events, { expectedVersion: 'any' })
      await sleep(random.below(40))
      await client.query(random.chance(0.1) ? 'ROLLBACK' : 'COMMIT')
    } catch {
      await client.query('ROLLBACK')
    } finally {
      client.release()
    }
  }
}

function runnerOf(
  store: EventStore,
  models: readonly PostgresReadModel<Trail>[],
  placement: { readonly switch?: 'manual' } = {},
): ProjectionRunner {
  return new ProjectionRunner({
    store,
    projections: models.map((model) => project(trails).into(model, { lanes: 8, ...placement })),
    logger: silent,
    leaseMs: 3000,
  })
}

/** A constant load of events, and two read models of them. */
class Load {
  readonly schema: string
  readonly pool: pg.Pool
  readonly store: ReturnType<typeof openStore>
  readonly models: readonly [PostgresReadModel<Trail>, PostgresReadModel<Trail>]
  readonly runner: ProjectionRunner
  readonly #over = new AbortController()
  readonly #appending: Promise<number>

  private constructor(schema: string, seed: number, placement: { readonly switch?: 'manual' }) {
    this.schema = schema
    this.pool = server.pool({ max: 16 })
    this.store = openStore(this.pool, schema)
    this.models = [openTrails(this.pool, schema), openTrails(this.pool, schema, 'others')]
    this.runner = runnerOf(this.store, this.models, placement)
    this.#appending = keepAppending(this.store, seededRandom(seed), {
      accounts: ACCOUNTS,
      eventsPerSecond: EVENTS_PER_SECOND,
      signal: this.#over.signal,
    })
  }

  static async begin(seed: number, placement: { readonly switch?: 'manual' } = {}): Promise<Load> {
    const schema = server.anySchema()
    await server.pool().query(`CREATE SCHEMA ${schema}`)
    const load = new Load(schema, seed, placement)
    await load.runner.runUntilCaughtUp() // so that there are views to read
    return load
  }

  readers(): WatchfulReaders {
    const readers = new WatchfulReaders()
    for (const model of this.models)
      readers
        .ofView(
          this.pool,
          model.storage.name.includes('.')
            ? model.storage.name
            : `${this.schema}.${model.storage.name}`,
        )
        .of(model, trailKeys(ACCOUNTS))
    return readers
  }

  /** Gives the number of events appended. */
  async end(): Promise<number> {
    this.#over.abort()
    return this.#appending
  }
}
