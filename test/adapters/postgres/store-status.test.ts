import * as jest from '@jest/globals'
import { beforeAll, describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { pglite } from '../../../src/adapters/pglite/index.ts'
import {
  postgres,
  postgresEventStore,
  type Database,
  type PostgresEventStore,
} from '../../../src/adapters/postgres/index.ts'
import { streamId } from '../../../src/index.ts'
import { accountEvents } from '../../domain/account.ts'
import { describeOnServer, PostgresServer } from './postgres-server.ts'
import { rawAppend } from './raw-append.ts'

const server = new PostgresServer()

jest.afterAll(() => server.close())

const openStore = (schema: string, database: Database): PostgresEventStore =>
  postgresEventStore({ database, catalogs: [accountEvents], schema })

const append = async (store: PostgresEventStore, id: string): Promise<void> => {
  const events = [accountEvents.AccountOpened({ owner: 'Ada' })]
  await store.append(streamId('account', id), events, { expectedVersion: 'any' })
}

describe('the status of a store', () => {
  test('tells where an embedded log ends, from its first event on', async () => {
    await using database = await pglite()
    const store = openStore('everfold', database)
    expect(await store.status()).toEqual({
      head: undefined,
      lastPosition: 0n,
      behind: 0,
      heldBackBy: undefined,
    })

    await append(store, '1')

    expect(await store.status()).toEqual({
      head: await store.head(),
      lastPosition: 1n,
      behind: 0,
      heldBackBy: undefined,
    })
  })
})

describeOnServer('the status of a log with open transactions', () => {
  let pool: pg.Pool
  let schema: string
  let store: PostgresEventStore

  beforeAll(() => {
    pool = server.pool()
  })
  jest.beforeEach(async () => {
    schema = server.anySchema()
    store = openStore(schema, postgres(pool))
    await append(store, 'first')
  })

  server.test('names the session that holds the head back, and since when', async () => {
    await using open = await openTransaction('slow importer')
    const { rows } = await open.client.query<object>(
      'SELECT now() AS since, pg_backend_pid() AS pid, current_user AS user, host(inet_client_addr()) AS "clientAddress"',
    )
    await rawAppend(open.client, { schema, stream: 'account-open' })
    await append(store, 'a')
    await append(store, 'b')

    const status = await store.status()

    expect(status).toEqual({
      head: await store.head(),
      lastPosition: 4n,
      behind: 3,
      heldBackBy: {
        ...rows[0],
        preparedTransaction: undefined,
        applicationName: 'slow importer',
        state: 'idle in transaction',
        query: expect.stringContaining('append_event') as unknown,
      },
    })
    expect(status.head).toMatchObject({ position: 1n })
  })

  server.test('names nobody when the session that it named has ended', async () => {
    const open = await openTransaction()
    await rawAppend(open.client, { schema, stream: 'account-open' })
    await append(store, 'a')
    expect(await store.status()).toMatchObject({ behind: 2 })

    await open[Symbol.asyncDispose]()

    expect(await store.status()).toMatchObject({
      head: { position: 3n },
      behind: 0,
      heldBackBy: undefined,
    })
  })

  server.test('names the first of several sessions', async () => {
    await using first = await openTransaction('first')
    await using second = await openTransaction('second')
    await rawAppend(first.client, { schema, stream: 'account-1' })
    await rawAppend(second.client, { schema, stream: 'account-2' })

    const { behind, heldBackBy } = await store.status()

    expect(behind).toBe(2)
    expect(heldBackBy).toMatchObject({ applicationName: 'first' })
  })

  server.test('names nobody when an open transaction holds nothing back yet', async () => {
    await using open = await openTransaction()
    await open.client.query('SELECT pg_advisory_xact_lock_shared($1::regclass::oid::integer, 1)', [
      `${schema}.events_position_seq`,
    ])

    const { behind, heldBackBy } = await store.status()

    expect(behind).toBe(0)
    expect(heldBackBy).toBeUndefined()
  })

  server.test('names no session of a store in another schema', async () => {
    const other = server.anySchema()
    await append(openStore(other, postgres(pool)), 'first')
    await using open = await openTransaction()
    await rawAppend(open.client, { schema: other, stream: 'account-open' })
    await append(store, 'a')

    const { behind, heldBackBy } = await store.status()

    expect(behind).toBe(0)
    expect(heldBackBy).toBeUndefined()
  })

  for (const power of [31n, 32n])
    server.test(`names the first session also where keys wrap, at 2^${power}`, async () => {
      const last = 2n ** power - 2n
      await pool.query(`SELECT setval('${schema}.events_position_seq', ${last})`)
      await using before = await openTransaction('before')
      await rawAppend(before.client, { schema, stream: 'account-1', count: 4 })
      await using after = await openTransaction('after')
      await rawAppend(after.client, { schema, stream: 'account-2' })
      await append(store, 'a')

      const status = await store.status()

      expect(status).toMatchObject({
        head: { position: 1n },
        lastPosition: last + 6n,
        behind: 6,
        heldBackBy: { applicationName: 'before' },
      })
    })

  server.test('names the session to a role that may not see all of it', async () => {
    const role = `${schema}_role`
    await pool.query(`CREATE ROLE ${role} IN ROLE pg_read_all_data`)
    const unprivileged = server.pool({ options: `-c role=${role}` })
    await using open = await openTransaction('slow importer')
    await rawAppend(open.client, { schema, stream: 'account-open' })

    const { heldBackBy } = await openStore(schema, postgres(unprivileged)).status()

    expect(heldBackBy).toEqual({
      pid: expect.any(Number),
      preparedTransaction: undefined,
      user: expect.any(String),
      applicationName: 'slow importer',
      clientAddress: undefined,
      state: undefined,
      since: undefined,
      query: undefined,
    })
    await pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })

  /** A session with a transaction that is rolled back in the end. */
  async function openTransaction(
    name = 'open',
  ): Promise<AsyncDisposable & { readonly client: pg.Client }> {
    const client = new pg.Client({ connectionString: server.url, application_name: name })
    await client.connect()
    await client.query('BEGIN')
    return {
      client,
      [Symbol.asyncDispose]: async () => {
        await client.query('ROLLBACK')
        await client.end()
      },
    }
  }
})
