import * as jest from '@jest/globals'
import { beforeAll, expect } from '@jest/globals'
import pg from 'pg'
import { postgres, postgresEventStore } from '../../../src/adapters/postgres/index.ts'
import { streamId, type EventStore, type RecordedEvent } from '../../../src/index.ts'
import { accountEvents } from '../../domain/account.ts'
import { describeOnServer, PostgresServer } from './postgres-server.ts'
import { rawAppend } from './raw-append.ts'

const server = new PostgresServer()

jest.afterAll(() => server.close())

describeOnServer('the head of a log with open transactions', () => {
  let pool: pg.Pool
  let schema: string
  let store: EventStore

  beforeAll(() => {
    pool = server.pool()
  })
  jest.beforeEach(async () => {
    schema = server.anySchema()
    store = openStore(schema)
    await append(store, 'first')
  })

  const openStore = (name: string, on: pg.Pool = pool): EventStore =>
    postgresEventStore({ database: postgres(on), catalogs: [accountEvents], schema: name })

  server.test('stays before an append that is not committed', async () => {
    await inOpenTransaction(pool, async (client) => {
      await rawAppend(client, { schema, stream: 'account-open' })
      await append(store, 'later')

      expect(await store.head()).toMatchObject({ position: 1n })
      expect(await streamsOf(store)).toEqual(['account-first'])
    })

    await append(store, 'last')
    expect(await store.head()).toMatchObject({ position: 4n })
  })

  server.test('moves on when the append is committed, with all that waited behind it', async () => {
    const client = await pool.connect()
    await client.query('BEGIN')
    await rawAppend(client, { schema, stream: 'account-open' })
    await append(store, 'later')

    await client.query('COMMIT')
    client.release()

    expect(await streamsOf(store)).toEqual(['account-first', 'account-open', 'account-later'])
  })

  server.test('holds no writer up', async () => {
    await inOpenTransaction(pool, async (client) => {
      await rawAppend(client, { schema, stream: 'account-open' })

      const versions = await Promise.all([
        append(store, 'a'),
        append(store, 'b'),
        append(store, 'c'),
      ])

      expect(versions).toEqual([1, 1, 1])
    })
  })

  server.test('never names a position that no event has', async () => {
    await inOpenTransaction(pool, (client) =>
      rawAppend(client, { schema, stream: 'account-undone', count: 40 }),
    )

    const pages = []
    for await (const page of store.readAll()) pages.push(page)

    expect(await store.head()).toMatchObject({ position: 1n })
    expect(pages.map(({ through }) => through.position)).toEqual([1n])
  })

  server.test('goes on beyond the positions of an append that was undone', async () => {
    await inOpenTransaction(pool, (client) =>
      rawAppend(client, { schema, stream: 'account-undone', count: 40 }),
    )
    await append(store, 'later')

    expect(await store.head()).toMatchObject({ position: 42n })
    expect(await streamsOf(store)).toEqual(['account-first', 'account-later'])
  })

  server.test('waits for a transaction that took its lock before it drew a position', async () => {
    await inOpenTransaction(pool, async (client) => {
      // Refused, so it drew none; its transaction might go on to append.
      await client.query(
        `SELECT * FROM ${schema}.append_event(0, 'account-open', 7, 7, NULL, gen_random_uuid(), 'T', 1::smallint, '{}', '{}', NULL)`,
      )
      await append(store, 'later')

      expect(await store.head()).toMatchObject({ position: 1n })
    })
  })

  server.test('does not wait for appends to a log in another schema', async () => {
    const other = server.anySchema()
    await append(openStore(other), 'first')

    await inOpenTransaction(pool, async (client) => {
      await rawAppend(client, { schema: other, stream: 'account-open' })
      await append(store, 'later')

      expect(await store.head()).toMatchObject({ position: 2n })
    })
  })

  server.test(
    'does not wait for appends to a log in another database, whose sequence has the same oid',
    async () => {
      const url = await server.anyDatabase()
      const before = new pg.Pool({ connectionString: url })
      await openStore('everfold', before).head()
      await before.end()
      const copy = await server.anyDatabase({ template: url })
      const left = server.pool({ connectionString: url })
      const right = server.pool({ connectionString: copy })
      const store = openStore('everfold', left)
      await append(store, 'first')
      await append(openStore('everfold', right), 'first')

      await inOpenTransaction(right, async (client) => {
        await rawAppend(client, { schema: 'everfold', stream: 'account-open' })
        await append(store, 'later')

        expect(await oidOf(left)).toBe(await oidOf(right))
        expect(await store.head()).toMatchObject({ position: 2n })
      })
    },
    60_000,
  )
})

async function oidOf(pool: pg.Pool): Promise<number | undefined> {
  const { rows } = await pool.query<{ oid: number }>(
    "SELECT 'everfold.events_position_seq'::regclass::oid AS oid",
  )
  return rows[0]?.oid
}

/** Runs work in a transaction that stays open meanwhile, and is rolled back then. */
async function inOpenTransaction(
  pool: pg.Pool,
  work: (client: pg.ClientBase) => Promise<unknown>,
): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await work(client)
  } finally {
    await client.query('ROLLBACK')
    client.release()
  }
}

async function append(store: EventStore, id: string): Promise<number> {
  const events = [accountEvents.AccountOpened({ owner: 'Ada' })]
  const { version } = await store.append(streamId('account', id), events, {
    expectedVersion: 'any',
  })
  return version
}

async function streamsOf(store: EventStore): Promise<readonly string[]> {
  const log: RecordedEvent[] = []
  for await (const { events } of store.readAll()) log.push(...events)
  return log.map(({ streamId: stream }) => stream)
}
