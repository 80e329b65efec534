import { afterAll, beforeAll, expect } from '@jest/globals'
import {
  integer,
  postgres,
  PostgresReadModel,
  sqlProjection,
  type Database,
  type SqlTables,
} from '../../../src/adapters/postgres/index.ts'
import {
  defineProjection,
  project,
  ProjectionRunner,
  type EventStore,
  type ReadModelStorage,
} from '../../../src/index.ts'
import { accountEvents } from '../../domain/account.ts'
import { eventually } from '../../faults/eventually.ts'
import { append, deposited, openStore, silent } from '../../projections/runner-fixture.ts'
import { describeOnServer, PostgresServer, skipped } from './postgres-server.ts'
import { runnerOf, Statements } from './sql-projection-fixture.ts'

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

describeOnServer('views that could not be switched in time', () => {
  server.test('do not keep what they showed from being dropped later', async () => {
    const store = openStore()
    await append(store, '1', deposited(1))
    const open = { database: place.database, schema, recordsSchema: schema, table: 'deposits' }
    const deposits = new PostgresReadModel<{ count: number }>({
      ...open,
      columns: { count: integer },
    })
    const projections = [project(counts).into(deposits)]
    const runner = new ProjectionRunner({ store, projections, logger: silent, leaseMs: 300 })
    await runner.runUntilCaughtUp()

    const rebuild = (signal: AbortSignal) => runner.rebuild('deposits', { signal })

    await whileRead('deposits', async () => {
      await diesBeforeShowing(deposits, 2, rebuild)
      await diesBeforeShowing(deposits, 3, rebuild)
    })
    await runner.runUntilCaughtUp()

    expect(await relations('deposits%')).toEqual(['deposits', 'deposits_b2', 'deposits_b3'])
  })

  server.test(
    'are hidden when their table is gone, though nobody saw the build without it',
    async () => {
      const store = openStore()
      const statements = new Statements(place)
      const { lines, sums } = statements
      await append(store, 'ada', deposited(1))
      await runnerOf(store, linesAnd(statements, 1, [sums])).runUntilCaughtUp()
      const second = linesAnd(statements, 2, [])

      await whileRead(sums, () =>
        second.use((model) =>
          diesBeforeShowing(model, 2, (signal) =>
            runnerOf(store, second).runUntilCaughtUp({ signal }),
          ),
        ),
      )
      await runnerOf(store, linesAnd(statements, 3, [])).runUntilCaughtUp()

      expect(await statements.relations()).toEqual([lines, `${lines}_b2`, `${lines}_b3`])
    },
  )
})

describeOnServer('a build that cannot be dropped, as somebody reads it', () => {
  server.test('does not keep the live one from being filled', async () => {
    const store = openStore()
    const { deposits, runner } = countsIn(store, 'reads')
    await append(store, '1', deposited(1))
    await runner.runUntilCaughtUp()
    await runner.rebuild('deposits')

    await whileRead('reads_b1', async () => {
      await runner.prune('deposits').catch(() => undefined)
      await append(store, '1', deposited(2))
      await runner.runUntilCaughtUp()
    })

    expect(await deposits.get('account-1')).toEqual({ count: 2 })
    expect(await relations('reads%')).toEqual(['reads', 'reads_b1', 'reads_b2'])
    await runner.runUntilCaughtUp()
    expect(await relations('reads%')).toEqual(['reads', 'reads_b2'])
  })
})

const counts = defineProjection({
  name: 'deposits',
  version: 1,
  events: accountEvents,
  initialDocument: (): { readonly count: number } => ({ count: 0 }),
  on: { MoneyDeposited: ({ count }) => ({ count: count + 1 }) },
})

/** How many deposits each account had, in a table. */
function countsIn(store: EventStore, table: string) {
  const deposits = new PostgresReadModel<{ count: number }>({
    ...{ database: place.database, schema, recordsSchema: schema, table },
    columns: { count: integer },
  })
  const projections = [project(counts).into(deposits)]
  const runner = new ProjectionRunner({ store, projections, logger: silent, leaseMs: 300 })
  return { deposits, runner }
}

/** A version with a table of lines and others. */
function linesAnd(statements: Statements, version: number, others: readonly string[]): SqlTables {
  const { name, lines } = statements
  const tables = [lines, ...others] as const
  return sqlProjection({
    ...{ name, version, events: accountEvents, types: ['MoneyDeposited'] },
    tables,
    create: (names) => tables.map((table) => `CREATE TABLE ${names[table]} (n int);`).join(' '),
    apply: () => undefined,
  }).into({ database: place.database, schema, recordsSchema: schema })
}

/** Runs what makes a new build, in a process that ends when the build is live, and its views are not switched. */
async function diesBeforeShowing(
  { storage }: { readonly storage: Pick<ReadModelStorage<unknown>, 'readBuilds'> },
  build: number,
  run: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const dying = new AbortController()
  const running = run(dying.signal).catch(() => undefined)
  await eventually(async () => (await storage.readBuilds())?.live.number === build)
  dying.abort()
  await running
}

/** Does something while a long reader keeps a view from being changed. */
async function whileRead(view: string, work: () => Promise<void>): Promise<void> {
  const client = await server.pool().connect()
  await client.query(`BEGIN; SELECT 1 FROM ${schema}.${view}`)
  try {
    await work()
  } finally {
    await client.query('COMMIT')
    client.release()
  }
}

async function relations(pattern: string): Promise<readonly string[]> {
  const rows = await place.database.query(
    {
      text: `SELECT relname FROM pg_class WHERE relnamespace = '${schema}'::regnamespace AND relkind IN ('r', 'v') AND relname LIKE $1 ORDER BY 1`,
    },
    [pattern],
  )
  return rows.map(([name]) => String(name))
}
