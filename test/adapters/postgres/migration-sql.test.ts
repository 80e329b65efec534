import { readFileSync } from 'node:fs'
import * as jest from '@jest/globals'
import { describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { pglite } from '../../../src/adapters/pglite/index.ts'
import {
  migrationSql,
  postgres,
  postgresEventStore,
  type Database,
  type PostgresEventStore,
} from '../../../src/adapters/postgres/index.ts'
import { streamId } from '../../../src/index.ts'
import { accountEvents } from '../../domain/account.ts'
import { describeOnServer, PostgresServer } from './postgres-server.ts'
import { psql } from './psql.ts'

const server = new PostgresServer()

jest.afterAll(() => server.close())

const GUIDE = readFileSync(new URL('../../../docs/guide/postgres.md', import.meta.url), 'utf8')
const GRANTS = [...GUIDE.matchAll(/^(GRANT .* TO app);$/gm)].map(([, grant = '']) => grant)

const openStore = (schema: string, database: Database): PostgresEventStore =>
  postgresEventStore({ database, catalogs: [accountEvents], schema, migrations: 'manual' })

const append = async (store: PostgresEventStore, id = '1'): Promise<number> => {
  const events = [accountEvents.AccountOpened({ owner: 'Ada' })]
  const options = { expectedVersion: 'any', commandId: `command-${id}` } as const
  return (await store.append(streamId('account', id), events, options)).version
}

describe('the printed migrations', () => {
  test.each([-1, 0.5, 2])('are refused from a version that is none: %d', (from) => {
    expect(() => migrationSql({ from })).toThrow(RangeError)
  })

  test('are refused for a name that no schema can have', () => {
    expect(() => migrationSql({ schema: 'x'.repeat(64) })).toThrow(/63 bytes/)
  })

  test('make a store in PGlite as well', async () => {
    await using database = await pglite()
    await database.script(migrationSql({ schema: 'printed' }))

    const version = await append(openStore('printed', database))

    expect(version).toBe(1)
  })
})

describeOnServer('the printed migrations, run by psql', () => {
  const anyPrintedSchema = async (): Promise<string> => {
    const schema = server.anySchema()
    await psql(server.url, migrationSql({ schema }))
    return schema
  }

  for (const name of [
    `we"ird Schema.$1'x`,
    ':a :\'b\' :"c" %I \\d \\gexec $$; --',
    'line\nDROP TABLE x;',
    `x${'ü'.repeat(31)}`,
  ])
    server.test(`make a store in a schema called ${JSON.stringify(name)}`, async () => {
      const schema = server.anySchema(name)
      await server.pool().query(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(schema)} CASCADE`)
      await psql(server.url, migrationSql({ schema }))
      const store = openStore(schema, postgres(server.pool()))

      await append(store)

      expect(await store.status()).toMatchObject({ head: { position: 1n }, lastPosition: 1n })
    })

  server.test('make the tables in a schema that is there', async () => {
    const schema = server.anySchema()
    await server.pool().query(`CREATE SCHEMA ${schema}`)

    await psql(server.url, migrationSql({ schema }))

    expect(await append(openStore(schema, postgres(server.pool())))).toBe(1)
  })

  server.test('fail on a schema at another version, and change nothing', async () => {
    const schema = await anyPrintedSchema()
    const store = openStore(schema, postgres(server.pool()))
    await append(store)

    const running = psql(server.url, migrationSql({ schema }))

    await expect(running).rejects.toThrow(
      `Schema ${schema} is at version 1, and this script begins at version 0. Nothing was changed.`,
    )
    expect(await store.head()).toMatchObject({ position: 1n })
  })

  server.test('fail on a database that holds no schema to go on from', async () => {
    const schema = server.anySchema()

    const running = psql(server.url, migrationSql({ schema, from: 1 }))

    await expect(running).rejects.toThrow(/is at version 0, and this script begins at version 1/)
  })

  server.test('wait for those who migrate at the same moment', async () => {
    const schema = server.anySchema()
    const pool = server.pool()
    const other = await pool.connect()
    await other.query(migrationSql({ schema }).replace(/COMMIT;\n$/, ''))

    const running = psql(server.url, migrationSql({ schema }))
    const refused = expect(running).rejects.toThrow(/is at version 1/)
    await othersWaitFor(other, pool)
    await other.query('COMMIT')
    other.release()

    await refused
  })

  server.test('and the grants of the guide are all that an application needs', async () => {
    const schema = await anyPrintedSchema()
    await using role = await anyRole(schema, GRANTS)
    const store = openStore(schema, postgres(role.pool))

    await append(store)
    await store.appendAll(
      ['2', '3'].map((id) => ({
        streamId: streamId('account', id),
        events: [accountEvents.AccountOpened({ owner: 'Bo' })],
        expectedVersion: 'no-stream',
      })),
    )

    const client = await role.pool.connect()
    await client.query('BEGIN')
    await store
      .within(client)
      .append(streamId('account', '1'), [accountEvents.MoneyDeposited({ cents: 5 })], {
        expectedVersion: 1,
      })
    await client.query('COMMIT')
    client.release()

    expect(await everyPage(store.readAll())).toHaveLength(1)
    expect(await everyPage(store.readStream(streamId('account', '2')))).toMatchObject([
      { version: 1 },
    ])
    expect(await everyPage(store.streams('account'))).toEqual([
      ['account-1', 'account-2', 'account-3'],
    ])
    expect(await store.findCommand(streamId('account', '1'), 'command-1')).toBeDefined()
    expect(await store.head()).toMatchObject({ position: 4n })
    expect(await store.status()).toMatchObject({ behind: 0, lastPosition: 4n })
  })

  for (const grant of GRANTS)
    server.test(`and an application needs the guide's ${grant}`, async () => {
      const schema = await anyPrintedSchema()
      const others = GRANTS.filter((each) => each !== grant)
      await using role = await anyRole(schema, others)
      const store = openStore(schema, postgres(role.pool))

      const appending = append(store)

      await expect(appending).rejects.toThrow(/permission denied|may not read sequence/)
    })

  /** A role with some of the guide's grants. */
  async function anyRole(
    schema: string,
    grants: readonly string[],
  ): Promise<AsyncDisposable & { readonly pool: pg.Pool }> {
    const admin = server.pool()
    const role = `${schema}_role`
    await admin.query(`CREATE ROLE ${role}`)
    for (const grant of grants)
      await admin.query(grant.replace(/\beverfold\b/, schema).replace(/\bapp$/, role))
    return {
      pool: server.pool({ options: `-c role=${role}` }),
      [Symbol.asyncDispose]: async () => {
        await admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
      },
    }
  }
})

/** Waits until somebody waits for a session. */
async function othersWaitFor(session: pg.ClientBase, pool: pg.Pool): Promise<void> {
  const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const waiting = 'SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))'
  while ((await pool.query(waiting, [rows[0]?.pid])).rowCount === 0);
}

async function everyPage<Page>(pages: AsyncIterable<Page>): Promise<readonly Page[]> {
  const all: Page[] = []
  for await (const page of pages) all.push(page)
  return all
}
