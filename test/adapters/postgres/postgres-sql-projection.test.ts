import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect } from '@jest/globals'
import {
  postgres,
  postgresEventStore,
  type Database,
  type SqlTables,
} from '../../../src/adapters/postgres/index.ts'
import { globalPosition } from '../../../src/event-store/global-position.ts'
import type { EventStore } from '../../../src/index.ts'
import { accountEvents } from '../../domain/account.ts'
import { eventually } from '../../faults/eventually.ts'
import { ReplyThief } from '../../faults/projection-reply-thief.ts'
import { append, deposited, openStore, present } from '../../projections/runner-fixture.ts'
import { gate } from '../../faults/gate.ts'
import { describeOnServer, PostgresServer, skipped } from './postgres-server.ts'
import { runnerOf, Statements } from './sql-projection-fixture.ts'
import { sqlProjectionTests } from './sql-projection-tests.ts'
import { sqlTransactionTests } from './sql-transaction-tests.ts'

const server = new PostgresServer()
const schema = server.anySchema()
let shared: Database | undefined
const place = {
  schema,
  get database(): Database {
    return (shared ??= postgres(server.pool()))
  },
}

beforeAll(async () => {
  if (skipped === undefined) await place.database.script(`CREATE SCHEMA ${schema}`)
})
afterAll(() => server.close())

describeOnServer('sqlProjection on a server', () => {
  sqlProjectionTests(place)
  sqlTransactionTests(place)

  server.test('applies a batch once when the reply of its commit is lost', async () => {
    const store = openStore()
    await using thief = await ReplyThief.listen(server.url)
    const pool = server.pool({ connectionString: thief.url, max: 1 })
    const statements = new Statements({ schema, database: postgres(pool) })
    await append(store, 'ada', deposited(1), deposited(2))
    const tables = statements.declare({
      after: () => {
        if (thief.stolen === 0) thief.steal() // the next reply is that of the commit
      },
    })

    await runnerOf(store, tables).runUntilCaughtUp()

    expect(thief.stolen).toBe(1)
    expect(await statements.totals()).toEqual({ ada: [3, 2] })
    await pool.end()
  })

  server.test('applies nothing of a batch whose lane was taken', async () => {
    const store = openStore()
    const statements = new Statements(place)
    const applied: number[] = []
    const tables = statements.declare({ before: (events) => applied.push(events.length) })
    await append(store, 'ada', deposited(1))
    await runnerOf(store, tables).runUntilCaughtUp()

    const outcome = await commitAfter(tables, 'the revision of somebody who had the lane before')

    expect(outcome).toBe('superseded')
    expect(applied).toEqual([1])
    expect(await statements.cents()).toEqual([1])
  })

  server.test('gives two runners that race for a lane each event once', async () => {
    const store = openStore()
    const statements = new Statements(place)
    const tables = statements.declare()
    for (let account = 0; account < 40; account++) await append(store, `${account}`, deposited(1))
    const runners = [1, 2, 3].map(() => runnerOf(store, tables, { leaseMs: 100, pageSize: 3 }))

    await Promise.all(runners.map((runner) => runner.start()))
    const position = await append(store, 'last', deposited(2))
    await tables.waitFor(position, { timeoutMs: 30_000 })
    await Promise.all(runners.map((runner) => runner.stop()))

    expect(await statements.cents()).toEqual([...Array.from({ length: 40 }, () => 1), 2])
  })

  server.test(
    'ends an apply that waits in a statement for ever, and hands its lane on',
    async () => {
      const store = openStore()
      const statements = new Statements(place)
      const hangs = gate()
      await append(store, 'ada', deposited(1), deposited(2))
      const hanging = statements.declare({
        before: async (_, session) => {
          hangs.open()
          await session.query({ text: 'SELECT pg_sleep(60)' })
        },
      })
      const hung = runnerOf(store, hanging, { leaseMs: 500 })
      await hung.start()
      await hangs.opened

      const stopped = hung.stop()
      await runnerOf(store, statements.declare(), { leaseMs: 500 }).runUntilCaughtUp()
      await stopped

      expect(await statements.totals()).toEqual({ ada: [3, 2] })
    },
  )

  server.test('writes its lane whenever a batch is made smaller, so that it keeps it', async () => {
    const store = openStore()
    const statements = new Statements(place)
    const tried: { readonly size: number; readonly revision: unknown }[] = []
    await append(store, 'ada', ...Array.from({ length: 8 }, () => deposited(1)))
    const wary = statements.declare({
      before: async (events) => {
        const [[revision] = []] = await statements.select(
          `SELECT revision FROM ${statements.at('read_model_lanes')} WHERE table_name = '${statements.lines}' AND lane = 0`,
        )
        tried.push({ size: events.length, revision })
        if (events.length > 1) throw new RangeError('One at a time.')
      },
    })

    await runnerOf(store, wary).runUntilCaughtUp()

    expect(tried.slice(0, 4).map(({ size }) => size)).toEqual([8, 4, 2, 1])
    expect(new Set(tried.slice(0, 4).map(({ revision }) => revision)).size).toBe(4)
    expect(await statements.totals()).toEqual({ ada: [8, 8] })
  })

  server.test('never shows readers less while it is built anew under load', async () => {
    const store = openStore()
    const statements = new Statements(place)
    const tables = statements.declare({ lanes: 2 })
    const runner = runnerOf(store, tables, { leaseMs: 1000 })
    await append(store, 'ada', deposited(1))
    await runner.start()
    await tables.waitFor((await store.head())?.position)
    await eventually(async () => (await statements.relations()).length === 4)
    const reading = new AbortController()
    const counts = readCounts(statements, reading.signal)

    const appended = appendSome(store)
    await runner.rebuild(statements.name)
    await runner.rollback(statements.name)
    await runner.rebuild(statements.name)
    await appended
    await tables.waitFor((await store.head())?.position)
    reading.abort()
    const seen = await counts
    await runner.stop()

    expect(seen.length).toBeGreaterThan(5)
    expect(seen).toEqual(seen.toSorted((one, other) => one - other))
    expect((await statements.cents()).length).toBe(101)
  })

  server.test('switches all its views in one step', async () => {
    const store = openStore()
    const statements = new Statements(place)
    const runner = runnerOf(store, statements.declare())
    await append(store, 'ada', deposited(1))
    await runner.runUntilCaughtUp()
    const { lines, sums } = statements
    const client = await server.pool().connect()
    await client.query(`BEGIN; SELECT 1 FROM ${statements.at(sums)}`) // the second one cannot be switched now

    const rebuilt = runner.rebuild(statements.name)
    await sleep(500)
    const meanwhile = await client.query<{ table_name: string }>(SOURCES, [schema, [lines, sums]])
    await client.query('COMMIT')
    client.release()
    await rebuilt
    const afterwards = await statements.select(
      `SELECT (SELECT count(*) FROM ${statements.at(lines)}), (SELECT events FROM ${statements.at(sums)})`,
    )

    expect(meanwhile.rows.map(({ table_name }) => table_name)).toEqual([
      `${lines}_b1`,
      `${sums}_b1`,
    ])
    expect(afterwards).toEqual([['1', '1']])
  })

  server.test('stands in another database than the event store', async () => {
    const url = await server.anyDatabase()
    const elsewhere = postgres(server.pool({ connectionString: url }))
    const store = postgresEventStore({
      database: place.database,
      catalogs: [accountEvents],
      schema,
    })
    const statements = new Statements({ database: elsewhere, schema: 'public' })
    const position = await append(store, statements.name, deposited(1))
    const tables = statements.declare()

    await runnerOf(store, tables).runUntilCaughtUp()
    await tables.waitFor(position)

    expect(await statements.totals()).toMatchObject({ [statements.name]: [1, 1] })
  })
})

const SOURCES = `
  SELECT table_name FROM information_schema.view_table_usage
  WHERE view_schema = $1 AND view_name = ANY ($2) ORDER BY table_name`

/** Sends a batch for the first lane as somebody does who last saw another revision of it. */
async function commitAfter(tables: SqlTables, revision: string): Promise<unknown> {
  return tables.use(async ({ storage }) => {
    const { live } = present(await storage.readBuilds())
    const lane = await storage.readLane(live, 0)
    const step = {
      number: 0,
      previous: { ...lane, revision },
      next: { ...lane, revision: randomUUID() },
    }
    const write = { key: '1', document: [] as never, position: globalPosition(1) }
    return storage.commit(live, step, { writes: [write], park: [], unpark: [] })
  })
}

/** How many lines the view shows, again and again. */
async function readCounts(statements: Statements, signal: AbortSignal): Promise<readonly number[]> {
  const counts: number[] = []
  while (!signal.aborted) counts.push((await statements.cents()).length)
  return counts
}

async function appendSome(store: EventStore): Promise<void> {
  for (let number = 0; number < 100; number++) {
    await append(store, `${number % 7}`, deposited(1))
    await sleep(5)
  }
}
