import { expect, test } from '@jest/globals'
import {
  PostgresReadModel,
  postgresEventStore,
  sqlProjection,
  type DatabaseSession,
} from '../../../src/adapters/postgres/index.ts'
import { project, ProjectionRunner, type EventStore } from '../../../src/index.ts'
import { accountBalances, accountEvents, type Balance } from '../../domain/account.ts'
import { append, deposited, openStore, silent } from '../../projections/runner-fixture.ts'
import { runnerOf, Statements, type SqlPlace } from './sql-projection-fixture.ts'

/** What SQL projections do on any `Database`. */
export function sqlProjectionTests(place: SqlPlace): void {
  applyTests(place)
  failureTests(place)
  buildTests(place)
  nameTests(place)
}

function applyTests(place: SqlPlace): void {
  test('applies each event once, in order, in whatever batches it comes', async () => {
    const store = openStore()
    const statements = new Statements(place)
    const tables = statements.declare()
    await append(store, 'ada', ...[1, 2, 3, 4, 5].map(deposited))

    await runnerOf(store, tables, { pageSize: 2 }).runUntilCaughtUp()
    await append(store, 'bob', deposited(6), accountEvents.MoneyWithdrawn({ cents: 2 }))
    await runnerOf(store, tables).runUntilCaughtUp()

    expect(await statements.cents()).toEqual([1, 2, 3, 4, 5, 6, -2])
    expect(await statements.totals()).toEqual({ ada: [15, 5], bob: [4, 2] })
  })

  test('gives a batch only events of its types', async () => {
    const store = openStore()
    const types: string[][] = []
    const statements = new Statements(place)
    const tables = statements.declare({
      before: (events) => types.push(events.map(({ type }) => type)),
    })
    await append(store, 'ada', accountEvents.AccountOpened({ owner: 'Ada' }), deposited(1))

    await runnerOf(store, tables).runUntilCaughtUp()

    expect(types).toEqual([['MoneyDeposited']])
  })

  test('shares its keys among lanes', async () => {
    const store = openStore()
    const statements = new Statements(place)
    const tables = statements.declare({ lanes: 3 })
    const accounts = ['a', 'b', 'c', 'd', 'e', 'f']
    for (const account of accounts) await append(store, account, deposited(1), deposited(2))

    const runners = [1, 2].map(() => runnerOf(store, tables, { leaseMs: 1000 }))
    await Promise.all(runners.map((runner) => runner.runUntilCaughtUp()))

    expect(await statements.totals()).toEqual(
      Object.fromEntries(accounts.map((account) => [account, [3, 2]])),
    )
  })

  test('lets readers wait for what they appended', async () => {
    const store = openStore()
    const statements = new Statements(place)
    const runner = runnerOf(store, statements.declare())
    await runner.start()

    const position = await append(store, 'ada', deposited(1))
    await statements.declare().waitFor(position)
    const cents = await statements.cents()
    await runner.stop()

    expect(cents).toEqual([1])
  })

  test('stands beside the event store in one database', async () => {
    const { database, schema } = place
    const store = postgresEventStore({ database, catalogs: [accountEvents], schema })
    const statements = new Statements(place)
    const position = await append(store, statements.name, deposited(1))

    await runnerOf(store, statements.declare()).runUntilCaughtUp()
    await statements.declare().waitFor(position)

    expect(await statements.totals()).toMatchObject({ [statements.name]: [1, 1] })
  })
}

function failureTests(place: SqlPlace): void {
  test('stops at the event that apply throws on, and goes on there with corrected code', async () => {
    const store = openStore()
    const statements = await shown(place)
    await append(store, 'ada', ...Array.from({ length: 20 }, (_, index) => deposited(index)))
    const wrong = statements.declare({
      before: (events) => {
        const odd = events.find(({ data }) => (data as { cents: number }).cents === 13)
        if (odd !== undefined) throw new RangeError('Thirteen.')
      },
    })

    const failed = await runnerOf(store, wrong)
      .runUntilCaughtUp()
      .catch((error: unknown) => error)
    const before = await statements.cents()
    await runnerOf(store, statements.declare()).runUntilCaughtUp()

    expect(failed).toMatchObject({
      code: 'SQL_PROJECTION_FAILED',
      projection: statements.name,
      position: 14n,
      eventType: 'MoneyDeposited',
      cause: { message: 'Thirteen.' },
    })
    expect(before).toEqual(Array.from({ length: 13 }, (_, index) => index))
    expect(await statements.cents()).toEqual(Array.from({ length: 20 }, (_, index) => index))
    expect(await statements.totals()).toEqual({ ada: [190, 20] })
  })

  test('undoes a batch of which a statement failed, also when apply swallows that', async () => {
    const store = openStore()
    const statements = await shown(place)
    await append(store, 'ada', deposited(1), deposited(2), deposited(3))
    const wrong = statements.declare({
      after: async (events, session) => {
        const text = `SELECT 1 / (${events.map(({ data }) => (data as { cents: number }).cents - 3).join(' * ')})`
        await session.query({ text }).catch(() => undefined)
      },
    })

    const failed = runnerOf(store, wrong).runUntilCaughtUp()

    await expect(failed).rejects.toMatchObject({
      ...{ code: 'SQL_PROJECTION_FAILED', position: 3n },
      cause: { code: 'DATABASE_ERROR', sqlState: '22012' },
    })
    expect(await statements.cents()).toEqual([1, 2])
  })

  test('tries a batch again whose statement failed in passing, whatever apply makes of that', async () => {
    const store = openStore()
    const statements = await shown(place)
    await append(store, 'ada', deposited(1), deposited(2))
    const failures = ['40P01', '40001']
    const told: string[] = []
    const wrapping = statements.declare({
      before: async (_, session) => {
        const text = `DO $$ BEGIN RAISE 'in the way' USING ERRCODE = '${failures.shift() ?? ''}'; END $$`
        const failing = failures.length > 0 ? session.script(text) : Promise.resolve()
        await failing.catch((cause: unknown) => {
          throw new Error('The lines cannot be written.', { cause })
        })
      },
    })
    const logger = { ...silent, warn: (message: string) => told.push(message) }

    await new ProjectionRunner({ store, projections: [wrapping], logger }).runUntilCaughtUp()

    expect(await statements.cents()).toEqual([1, 2])
    expect(told.join()).toContain('in the way')
  })

  test('tells of a batch that is tried again with fewer events', async () => {
    const store = openStore()
    const statements = await shown(place)
    await append(store, 'ada', deposited(1), deposited(2))
    const told: string[] = []
    const wary = statements.declare({
      before: (events) => {
        if (events.length > 1) throw new RangeError('Two are too many.')
      },
    })
    const logger = { ...silent, warn: (message: string) => told.push(message) }

    await new ProjectionRunner({ store, projections: [wary], logger }).runUntilCaughtUp()

    expect(await statements.cents()).toEqual([1, 2])
    expect(told.join()).toContain('Two are too many.')
  })

  test('undoes a batch whose constraint fails at its commit', async () => {
    const store = openStore()
    const statements = await shown(place)
    const { lines } = statements
    const unique = 'UNIQUE (cents) DEFERRABLE INITIALLY DEFERRED'
    await place.database.script(`ALTER TABLE ${statements.at(`${lines}_b1`)} ADD ${unique}`)
    await append(store, 'ada', deposited(1), deposited(2), deposited(1), deposited(3))

    const failed = runnerOf(store, statements.declare()).runUntilCaughtUp()

    await expect(failed).rejects.toMatchObject({
      ...{ code: 'SQL_PROJECTION_FAILED', position: 3n },
      cause: { code: 'DATABASE_ERROR', sqlState: '23505' },
    })
    expect(await statements.cents()).toEqual([1, 2])
  })

  test('refuses a statement that apply does not wait for', async () => {
    const store = openStore()
    const statements = await shown(place)
    await append(store, 'ada', deposited(1))
    const running: Promise<unknown>[] = []
    const forgetful = statements.declare({
      after: (_, session) => {
        running.push(session.query({ text: 'SELECT pg_sleep(0.01)' }))
      },
    })

    const failed = runnerOf(store, forgetful).runUntilCaughtUp()

    await expect(failed).rejects.toMatchObject({ code: 'SQL_PROJECTION_FAILED' })
    await Promise.allSettled(running)
    expect(await statements.cents()).toEqual([])
  })

  test('refuses a statement after apply has ended', async () => {
    const store = openStore()
    const statements = await shown(place)
    await append(store, 'ada', deposited(1))
    const sessions: DatabaseSession[] = []
    const tables = statements.declare({ after: (_, session) => sessions.push(session) })
    await runnerOf(store, tables).runUntilCaughtUp()

    const late = sessions[0]?.query({ text: `DELETE FROM ${statements.at(statements.lines)}` })

    await expect(late).rejects.toThrow(/after apply had ended/)
    expect(await statements.cents()).toEqual([1])
  })

  test('gives up an apply that takes too long, and tries again with fewer events', async () => {
    const store = openStore()
    const statements = await shown(place)
    await append(store, 'ada', ...[1, 2, 3, 4, 5, 6, 7, 8].map(deposited))
    const sizes: number[] = []
    const slow = statements.declare({
      before: async (events) => {
        sizes.push(events.length)
        if (events.length > 2) await new Promise(() => undefined)
      },
    })

    await runnerOf(store, slow, { leaseMs: 1500 }).runUntilCaughtUp()

    expect(sizes.slice(0, 3)).toEqual([8, 4, 2])
    expect(await statements.totals()).toEqual({ ada: [36, 8] })
  })
}

function buildTests(place: SqlPlace): void {
  test('rebuilds beside the live build, without verification, and says so', async () => {
    const store = openStore()
    const statements = new Statements(place)
    const runner = runnerOf(store, statements.declare())
    await append(store, 'ada', deposited(1))
    await runner.runUntilCaughtUp()

    const [report] = await runner.rebuild(statements.name)

    expect(report).toMatchObject({
      ...{ build: { number: 2 }, isLive: true, isIdentical: false, documents: 0 },
      notVerified: 'it is an SQL projection, which no fold in memory can repeat',
    })
    await expect(runner.verify(statements.name)).rejects.toThrow(/cannot be verified/)
    expect(await statements.totals()).toEqual({ ada: [1, 1] })
  })

  test('switches by hand, rolls back, and drops all tables of a build that is pruned', async () => {
    const store = openStore()
    const statements = new Statements(place)
    const runner = runnerOf(store, statements.declare({ switch: 'manual' }))
    const { lines, sums } = statements
    await append(store, 'ada', deposited(1))
    await runner.runUntilCaughtUp()
    await runner.rebuild(statements.name)

    await runner.switchReaders(statements.name)
    await runner.rollback(statements.name)
    await append(store, 'ada', deposited(2))
    await runner.runUntilCaughtUp()
    const relations = await statements.relations()
    await runner.prune(statements.name)

    expect(relations).toEqual([
      lines,
      `${lines}_b1`,
      `${lines}_b2`,
      sums,
      `${sums}_b1`,
      `${sums}_b2`,
    ])
    expect(await statements.relations()).toEqual([lines, `${lines}_b1`, sums, `${sums}_b1`])
    expect(await statements.totals()).toEqual({ ada: [3, 2] })
  })

  test('builds a higher version anew, with other tables, and shows those of the live build only', async () => {
    const store = openStore()
    const statements = new Statements(place)
    const { name, lines, sums } = statements
    await append(store, 'ada', deposited(1))
    await runnerOf(store, statements.declare()).runUntilCaughtUp()
    const next = sqlProjection({
      ...{ name, version: 2, events: accountEvents, types: ['MoneyDeposited'] },
      tables: [lines],
      create: (tables) => `CREATE TABLE ${tables[lines]} (cents bigint, at timestamptz)`,
      apply: async (events, { session, tables }) => {
        const cents = events.map(({ data }) => data.cents)
        const text = `INSERT INTO ${tables[lines]} SELECT unnest($1::bigint[]), now()`
        await session.query({ text }, [cents])
      },
    })
    const { database, schema } = place
    const tables = next.into({ database, schema, recordsSchema: schema })

    await runnerOf(store, tables).runUntilCaughtUp()
    const shown = await statements.select(`SELECT cents FROM ${statements.at(lines)}`)

    expect(shown).toEqual([['1']])
    expect(await statements.relations()).toEqual([
      lines,
      `${lines}_b1`,
      `${lines}_b2`,
      `${sums}_b1`,
    ])
  })

  test('refuses another text of create under the same version', async () => {
    const store = openStore()
    const statements = new Statements(place)
    await runnerOf(store, statements.declare()).runUntilCaughtUp()

    const other = statements.declare({ columns: ', note text' })
    const refused = runnerOf(store, other).runUntilCaughtUp()

    await expect(refused).rejects.toMatchObject({ code: 'BUILD_MISMATCH' })
  })

  test('takes white space in the text of create for nothing', async () => {
    const store = openStore()
    const statements = new Statements(place)
    await append(store, 'ada', deposited(1))
    await runnerOf(store, statements.declare({ columns: ', note text' })).runUntilCaughtUp()

    await runnerOf(store, statements.declare({ columns: ',\n  note  text' })).runUntilCaughtUp()

    expect(await statements.cents()).toEqual([1])
  })
}

function nameTests(place: SqlPlace): void {
  test('leaves a table of its second name alone', async () => {
    const statements = new Statements(place)
    await place.database.script(`CREATE TABLE ${statements.at(statements.sums)} (mine text)`)

    const refused = runnerOf(openStore(), statements.declare()).runUntilCaughtUp()

    await expect(refused).rejects.toMatchObject({
      code: 'RELATION_TAKEN',
      relation: `"${place.schema}"."${statements.sums}"`,
    })
    expect(await statements.relations()).toEqual([statements.sums])
  })

  test('refuses a name that a read model has', async () => {
    const store = openStore()
    const statements = new Statements(place)
    const models = modelRunner(place, { store, table: statements.sums })
    await models.runUntilCaughtUp()
    await models.rebuild(accountBalances.name)
    await models.prune(accountBalances.name)

    const refused = runnerOf(store, statements.declare()).runUntilCaughtUp()

    await expect(refused).rejects.toMatchObject({ code: 'RELATION_TAKEN' })
    expect(await statements.relations()).toEqual([statements.sums, `${statements.sums}_b2`])
  })

  test('refuses to go on from a read model of the same name and table, and the other way round', async () => {
    const store = openStore()
    const [one, other] = [new Statements(place), new Statements(place)]
    const documents = ({ name, lines }: Statements, version: number): ProjectionRunner => {
      const { database, schema } = place
      const model = new PostgresReadModel<Balance>({
        database,
        table: lines,
        schema,
        recordsSchema: schema,
      })
      const placed = project({ ...accountBalances, name, version }).into(model)
      return new ProjectionRunner({ store, projections: [placed], logger: silent })
    }
    await documents(one, 1).runUntilCaughtUp()
    await runnerOf(store, other.declare()).runUntilCaughtUp()

    const ended = await Promise.allSettled([
      runnerOf(store, one.declare({ version: 2 })).runUntilCaughtUp(),
      documents(other, 2).runUntilCaughtUp(),
    ])

    const refused = { status: 'rejected', reason: { code: 'RELATION_TAKEN' } }
    expect(ended).toMatchObject([refused, refused])
    await documents(one, 1).runUntilCaughtUp()
    await runnerOf(store, other.declare()).runUntilCaughtUp()
    expect(await one.relations()).toEqual([one.lines, `${one.lines}_b1`])
    expect((await other.relations()).length).toBe(4)
  })

  test('keeps its names from read models', async () => {
    const store = openStore()
    const statements = new Statements(place)
    const runner = runnerOf(store, statements.declare())
    await runner.runUntilCaughtUp()
    await runner.rebuild(statements.name)
    await runner.prune(statements.name)

    const refused = modelRunner(place, { store, table: statements.sums }).runUntilCaughtUp()

    await expect(refused).rejects.toMatchObject({ code: 'RELATION_TAKEN' })
  })

  test('refuses a version with another first table, and leaves the one before as it was', async () => {
    const store = openStore()
    const statements = new Statements(place)
    const { name, lines, sums } = statements
    const before = runnerOf(store, statements.declare())
    await before.runUntilCaughtUp()
    const { database, schema } = place
    const swapped = sqlProjection({
      ...{ name, version: 2, events: accountEvents, types: ['MoneyDeposited'] },
      tables: [sums, lines],
      create: (tables) =>
        `CREATE TABLE ${tables[sums]} (n int); CREATE TABLE ${tables[lines]} (n int)`,
      apply: () => undefined,
    }).into({ database, schema, recordsSchema: schema })

    const refused = runnerOf(store, swapped).runUntilCaughtUp()

    await expect(refused).rejects.toMatchObject({
      code: 'RELATION_TAKEN',
      message: expect.stringContaining(`whose first table is '${lines}'`) as unknown,
    })
    expect(await before.rebuild(name)).toMatchObject([{ isLive: true }])
  })

  test('refuses a build whose view something depends on, before it is filled', async () => {
    const store = openStore()
    const statements = new Statements(place)
    await runnerOf(store, statements.declare()).runUntilCaughtUp()
    const dependent = `CREATE VIEW ${statements.at(`on_${statements.lines}`)} AS SELECT cents FROM ${statements.at(statements.lines)}`
    await place.database.script(dependent)

    const added = statements.declare({ version: 2, columns: ', note text' })
    await runnerOf(store, added).runUntilCaughtUp()
    const removed = runnerOf(store, statements.declare({ version: 3 })).runUntilCaughtUp()

    await expect(removed).rejects.toMatchObject({ code: 'VIEW_IN_USE' })
    expect(await statements.relations()).not.toContain(`${statements.lines}_b3`)
  })

  test('refuses create that makes no table of a name', async () => {
    const { database, schema } = place
    const statements = new Statements(place)
    const { name, lines, sums } = statements
    const tables = sqlProjection({
      ...{ name, version: 1, events: accountEvents, types: ['MoneyDeposited'] },
      tables: [lines, sums],
      create: (names) => `CREATE TABLE ${names[lines]} (cents bigint)`,
      apply: () => undefined,
    }).into({ database, schema, recordsSchema: schema })

    const refused = runnerOf(openStore(), tables).runUntilCaughtUp()

    await expect(refused).rejects.toThrow(`made no table "${schema}"."${sums}_b1"`)
    expect(await statements.relations()).toEqual([])
  })
}

function modelRunner(
  { database, schema }: SqlPlace,
  { store, table }: { readonly store: EventStore; readonly table: string },
): ProjectionRunner {
  const model = new PostgresReadModel<Balance>({ database, table, schema, recordsSchema: schema })
  const projections = [project(accountBalances).into(model)]
  return new ProjectionRunner({ store, projections, logger: silent })
}

/** Statements whose views are there. */
async function shown(place: SqlPlace): Promise<Statements> {
  const statements = new Statements(place)
  await runnerOf(openStore(), statements.declare()).runUntilCaughtUp()
  return statements
}
