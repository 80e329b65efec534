import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, jest } from '@jest/globals'
import { postgres } from '../../src/adapters/postgres/index.ts'
import type { EventStore, ProjectionRunner } from '../../src/index.ts'
import { describeOnServer, PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { runnerOf, Statements } from '../adapters/postgres/sql-projection-fixture.ts'
import { append, deposited } from '../projections/runner-fixture.ts'
import { eventually } from './eventually.ts'
import { isFullSize } from './full-size.ts'
import { openStore } from './open-store.ts'
import { seededRandom, seeds, type SeededRandom } from './seeded-random.ts'
import { TcpProxy } from './tcp-proxy.ts'

jest.setTimeout(120_000)

describeOnServer('a rolling deploy of an SQL projection', () => {
  const server = new PostgresServer()

  afterAll(() => server.close())

  for (const seed of seeds(isFullSize ? 30 : 3))
    server.test(
      `gives each build each event once, and readers never less, while the network resets connections, seed ${seed}`,
      async () => {
        const random = seededRandom(seed)
        await using proxy = await TcpProxy.listen(server.url)
        const schema = server.anySchema()
        const database = postgres(server.pool())
        const store = openStore(server.pool(), schema)
        await store.migrate()
        const statements = new Statements({ database, schema })
        const settings = { lanes: 1 + random.below(3), leaseMs: 600 }
        const start = async (version: number): Promise<ProjectionRunner> => {
          const pool = server.pool({ connectionString: proxy.url })
          const columns = version === 1 ? '' : ', note text'
          const place = { database: postgres(pool), schema }
          const id = statements.name.slice('statements-'.length)
          const tables = new Statements(place, id).declare({ ...settings, version, columns })
          const { leaseMs } = settings
          const runner = runnerOf(openStore(pool, schema), tables, { leaseMs, pageSize: 20 })
          await begun(runner)
          return runner
        }
        const over = new AbortController()
        const old = [await start(1), await start(1)]
        await eventually(async () => (await statements.relations()).length === 4)
        const disturbing = again(over.signal, async () => {
          await sleep(random.below(400))
          proxy.cut(random, 0.2)
        })
        const appending = keepAppending(store, random, over.signal)
        const counting = readCounts(statements, over.signal)

        const renewed = [await start(2)]
        await sleep(random.below(300))
        await old.pop()?.stop()
        renewed.push(await start(2))
        await eventually(async () => (await liveVersionOf(statements)) === 2)
        await sleep(random.below(500))
        await rolledBack(renewed, statements)
        await sleep(300)
        over.abort()
        await Promise.all([appending, disturbing])
        const counts = await counting
        const expected = await centsOf(store)
        await eventually(async () => {
          const builds = await Promise.all([centsIn(statements, 1), centsIn(statements, 2)])
          return builds.every(({ length }) => length >= expected.length)
        })
        const builds = [await centsIn(statements, 1), await centsIn(statements, 2)]
        const stopping = [...old, ...renewed].map((runner) => runner.stop())
        await Promise.all(stopping)

        expect(builds).toEqual([expected, expected])
        expect(counts).toEqual(counts.toSorted((one, other) => one - other))
        expect(await statements.cents()).toEqual(expected)
        expect(await liveVersionOf(statements)).toBe(1)
      },
    )
})

/** Starts a runner, again where the network is reset meanwhile. */
async function begun(runner: ProjectionRunner): Promise<void> {
  await eventually(() =>
    runner.start().then(
      () => true,
      () => false,
    ),
  )
}

/** Asks one of the runners to make readers see the first version again, until one can. */
async function rolledBack(
  runners: readonly ProjectionRunner[],
  statements: Statements,
): Promise<void> {
  await eventually(async () => {
    await runners[0]?.rollback(statements.name).catch(() => undefined)
    return (await liveVersionOf(statements)) === 1
  })
}

async function again(signal: AbortSignal, step: () => Promise<void>): Promise<void> {
  while (!signal.aborted) await step()
}

async function keepAppending(
  store: EventStore,
  random: SeededRandom,
  signal: AbortSignal,
): Promise<void> {
  for (let cents = 1; !signal.aborted; cents++) {
    await append(store, `${random.below(7)}`, deposited(cents))
    await sleep(2)
  }
}

/** How many lines the view shows, again and again. */
async function readCounts(statements: Statements, signal: AbortSignal): Promise<readonly number[]> {
  const counts: number[] = []
  await again(signal, async () => {
    counts.push((await statements.cents()).length)
    await sleep(3)
  })
  return counts
}

async function liveVersionOf(statements: Statements): Promise<number | undefined> {
  const builds = await statements.declare().use(({ storage }) => storage.readBuilds())
  return builds?.live.version
}

async function centsIn(statements: Statements, build: number): Promise<readonly number[]> {
  const table = statements.at(`${statements.lines}_b${build}`)
  const rows = await statements.select(`SELECT cents FROM ${table} ORDER BY position`)
  return rows.map(([cents]) => Number(cents))
}

async function centsOf(store: EventStore): Promise<readonly number[]> {
  const cents: number[] = []
  for await (const { events } of store.readAll())
    for (const { data } of events) cents.push((data as { readonly cents: number }).cents)
  return cents
}
