import * as jest from '@jest/globals'
import { describe, expect, test } from '@jest/globals'
import { pglite } from '../../../src/adapters/pglite/index.ts'
import {
  postgres,
  postgresEventStore,
  SchemaVersionError,
  UnsafeLogError,
  type Database,
  type PostgresEventStore,
  type PostgresEventStoreOptions,
} from '../../../src/adapters/postgres/index.ts'
import { migrationScript } from '../../../src/adapters/postgres/schema/migration-script.ts'
import { migrate } from '../../../src/adapters/postgres/schema/migrations.ts'
import { streamId, type EventStore } from '../../../src/index.ts'
import { accountEvents } from '../../domain/account.ts'
import { describeOnServer, PostgresServer } from './postgres-server.ts'
import { psql } from './psql.ts'
import { withSecondMigration } from './with-second-migration.ts'

const database = await pglite()
const server = new PostgresServer()

jest.afterAll(() => database.close())
jest.afterAll(() => server.close())

const openStore = (
  schema: string,
  on: Database = database,
  options: Pick<PostgresEventStoreOptions, 'migrations'> = {},
): PostgresEventStore =>
  postgresEventStore({ database: on, catalogs: [accountEvents], schema, ...options })

const run = (text: string) => database.query({ text })

const append = (store: EventStore) =>
  store.append(streamId('account', '1'), [accountEvents.AccountOpened({ owner: 'Ada' })], {
    expectedVersion: 'any',
  })

describe('the schema of postgresEventStore', () => {
  test.each([
    'Capitals',
    'with spaces',
    `we"ird Schema.$1'x`,
    'tenant$1',
    'ünï😀',
    'select',
    'line\nbreak',
    `x${'ü'.repeat(31)}`,
  ])('may be called %s', async (schema) => {
    await append(openStore(schema))
    const reopened = openStore(schema)

    const { version } = await append(reopened)

    expect(version).toBe(2)
    expect(await reopened.head()).toMatchObject({ position: 2n })
  })

  test.each(['', 'x'.repeat(64), 'ü'.repeat(32), 'nul\u0000', '$everfold$'])(
    'is refused at construction when it cannot be called %j',
    (schema) => {
      expect(() => openStore(schema)).toThrow(TypeError)
    },
  )

  test('holds a log of its own', async () => {
    await append(openStore('first'))

    const head = await openStore('second').head()

    expect(head).toBeUndefined()
  })

  test('is refused, with both versions named, when newer code has migrated it', async () => {
    await append(openStore('newer'))
    await run("INSERT INTO newer.migrations (version, name) VALUES (7, '007_future.sql')")
    const store = openStore('newer')

    const reading = store.head()

    await expect(reading).rejects.toThrow(SchemaVersionError)
    await expect(reading).rejects.toMatchObject({
      schema: 'newer',
      found: 7,
      known: 1,
      retryable: false,
    })
    await expect(append(store)).rejects.toThrow(/version 7.* knows 1/)
  })

  test('is tried again after it could not be prepared', async () => {
    await append(openStore('repaired'))
    await run("INSERT INTO repaired.migrations (version, name) VALUES (7, '007_future.sql')")
    const store = openStore('repaired')
    await expect(append(store)).rejects.toThrow(SchemaVersionError)

    await run('DELETE FROM repaired.migrations WHERE version = 7')

    expect(await append(store)).toMatchObject({ version: 2 })
  })

  test('may exist before, without tables', async () => {
    await run('CREATE SCHEMA prepared_by_somebody')

    const { version } = await append(openStore('prepared_by_somebody'))

    expect(version).toBe(1)
  })
})

describe('the schema of a store with manual migrations', () => {
  test('is refused, with versions and remedy named, when it is missing', async () => {
    const reading = openStore('missing', database, { migrations: 'manual' }).head()

    await expect(reading).rejects.toThrow(SchemaVersionError)
    await expect(reading).rejects.toMatchObject({ schema: 'missing', found: 0, known: 1 })
    await expect(reading).rejects.toThrow(
      /'missing' is at version 0.* needs 1.*store\.migrate\(\).*migrationSql\({ schema, from: 0 }\)/,
    )
    expect(await run("SELECT FROM pg_namespace WHERE nspname = 'missing'")).toEqual([])
  })

  test('is refused when newer code has migrated it', async () => {
    await append(openStore('newer_by_hand'))
    await run("INSERT INTO newer_by_hand.migrations (version, name) VALUES (7, '007_future.sql')")
    const store = openStore('newer_by_hand', database, { migrations: 'manual' })

    const appending = append(store)

    await expect(appending).rejects.toThrow(/version 7.* knows 1/)
    await expect(store.migrate()).rejects.toThrow(/version 7.* knows 1/)
  })

  test('is used as soon as another store has migrated it', async () => {
    const store = openStore('migrated_later', database, { migrations: 'manual' })
    await expect(append(store)).rejects.toThrow(SchemaVersionError)

    await openStore('migrated_later').migrate()

    expect(await append(store)).toMatchObject({ version: 1 })
  })

  test('is made by migrate()', async () => {
    const store = openStore('by_hand', database, { migrations: 'manual' })

    await store.migrate()
    await store.migrate()

    expect(await append(store)).toMatchObject({ version: 1 })
  })
})

describe('the indexes of the log', () => {
  test.each(['events_stream_version', 'events_pkey'])(
    'are missed when %s was dropped',
    async (constraint) => {
      const schema = `without_${constraint}`
      await append(openStore(schema))
      await run(`ALTER TABLE ${schema}.events DROP CONSTRAINT ${constraint}`)

      const appending = append(openStore(schema))

      await expect(appending).rejects.toThrow(UnsafeLogError)
      await expect(appending).rejects.toThrow(constraint)
    },
  )
})

describe('the sequence of positions', () => {
  test('is refused to a role that may not read it, to which the log would seem empty', async () => {
    await append(openStore('unread'))
    await run('CREATE ROLE reader')
    await run('GRANT USAGE ON SCHEMA unread TO reader')
    await run('GRANT SELECT ON ALL TABLES IN SCHEMA unread TO reader')
    await run('SET ROLE reader')

    const reading = openStore('unread').head()

    await expect(reading).rejects.toThrow(/GRANT SELECT ON SEQUENCE "unread"\.events_position_seq/)
    await run('RESET ROLE')
  })

  test('is refused when sessions would keep numbers in store', async () => {
    await append(openStore('cached'))
    await run('ALTER SEQUENCE cached.events_position_seq CACHE 20')

    const reading = openStore('cached').head()

    await expect(reading).rejects.toThrow(UnsafeLogError)
    await expect(reading).rejects.toThrow(
      /CACHE 20.*ALTER SEQUENCE "cached"\.events_position_seq CACHE 1/,
    )
  })

  test('is refused when it is behind the events', async () => {
    await append(openStore('behind'))
    await append(openStore('behind'))
    await run("SELECT setval('behind.events_position_seq', 1)")

    const reading = openStore('behind').head()

    await expect(reading).rejects.toThrow(UnsafeLogError)
    await expect(reading).rejects.toThrow(/is at 1.*up to 2.*setval/)
  })

  test('never makes the store repeat an append without end when it hands out a position twice', async () => {
    const store = openStore('rewound')
    await append(store)
    await append(store)
    await run("SELECT setval('rewound.events_position_seq', 1)")

    const appending = append(store)

    await expect(appending).rejects.toMatchObject({ sqlState: '23505', constraint: 'events_pkey' })
  })
})

describeOnServer('migrations on a server', () => {
  server.test('run once when twenty stores start at the same moment', async () => {
    const schema = server.anySchema()
    const pool = server.pool({ max: 20 })
    const stores = Array.from({ length: 20 }, () => openStore(schema, postgres(pool)))

    const results = await Promise.all(stores.map(append))

    expect(results.map(({ version }) => version).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    )
    const { rows } = await pool.query(`SELECT version, name FROM ${schema}.migrations`)
    expect(rows).toEqual([{ version: 1, name: '001_events.sql' }])
  })

  server.test('go on from an older version once, when many processes start at once', async () => {
    const schema = server.anySchema()
    const pool = server.pool({ max: 20 })
    await append(openStore(schema, postgres(pool)))
    const target = withSecondMigration(schema)

    await Promise.all(Array.from({ length: 20 }, () => migrate(postgres(pool), target)))

    const { rows } = await pool.query(`SELECT version, name FROM ${schema}.migrations`)
    expect(rows).toEqual([
      { version: 1, name: '001_events.sql' },
      { version: 2, name: '002_notes.sql' },
    ])
    await expect(openStore(schema, postgres(pool)).head()).rejects.toThrow(/version 2.* knows 1/)
  })

  server.test('go on from an older version by their script, which runs once', async () => {
    const schema = server.anySchema()
    const pool = server.pool()
    await append(openStore(schema, postgres(pool)))
    const script = migrationScript(withSecondMigration(schema), 1)
    await psql(server.url, script)

    const again = psql(server.url, script)

    await expect(again).rejects.toThrow(/is at version 2, and this script begins at version 1/)
    const { rows } = await pool.query(`SELECT name FROM ${schema}.migrations WHERE version = 2`)
    expect(rows).toEqual([{ name: '002_notes.sql' }])
    await migrate(postgres(pool), withSecondMigration(schema))
  })

  server.test('leave nothing of themselves when one of them fails', async () => {
    const schema = server.anySchema()
    const pool = server.pool()
    const target = withSecondMigration(schema, 'CREATE TABLE :"schema".notes (); SELECT 1 / 0')

    const migrating = migrate(postgres(pool), target)

    await expect(migrating).rejects.toMatchObject({ sqlState: '22012' })
    const { rows } = await pool.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema])
    expect(rows).toEqual([])
  })

  server.test('need no right to make schemas when the schema is there', async () => {
    const schema = server.anySchema()
    const role = `${schema}_role`
    const admin = server.pool()
    await admin.query(`CREATE ROLE ${role}; CREATE SCHEMA ${schema} AUTHORIZATION ${role}`)
    const pool = server.pool({ options: `-c role=${role}` })

    const result = await append(openStore(schema, postgres(pool)))

    expect(result).toMatchObject({ version: 1 })
    await admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })
})
