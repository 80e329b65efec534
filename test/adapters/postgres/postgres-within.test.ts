import { afterAll, expect } from '@jest/globals'
import type pg from 'pg'
import {
  postgres,
  postgresEventStore,
  type PostgresEventStore,
} from '../../../src/adapters/postgres/index.ts'
import { streamId } from '../../../src/index.ts'
import { range } from '../../../src/testing/contracts/event-store/reading.ts'
import { accountEvents } from '../../domain/account.ts'
import { describeOnServer, PostgresServer } from './postgres-server.ts'
import { logOf, withinTests } from './within-tests.ts'

const server = new PostgresServer()

afterAll(() => server.close())

const { MoneyDeposited } = accountEvents
const account = streamId('account', '1')
const ANY = { expectedVersion: 'any' } as const

describeOnServer('Postgres', () => {
  withinTests({
    name: 'Postgres',
    open: async () => ({ database: postgres(server.pool()), schema: server.anySchema() }),
  })
})

describeOnServer('store.within on a client of pg', () => {
  server.test('appends with the transaction of the client', async () => {
    const { pool, store } = openStore()
    await store.migrate()

    await onClient(pool, async (client) => {
      await client.query('BEGIN')
      await store.within(client).append(account, [MoneyDeposited({ cents: 1 })], ANY)
      await client.query('ROLLBACK')
      await client.query('BEGIN')
      await store.within(client).append(account, [MoneyDeposited({ cents: 2 })], ANY)
      await client.query('COMMIT')
    })

    expect((await logOf(store)).map(({ data }) => data)).toEqual([{ cents: 2 }])
  })

  server.test('is refused when no transaction is open: it would commit by itself', async () => {
    const { pool, store } = openStore()

    const append = onClient(pool, (client) =>
      store.within(client).append(account, [MoneyDeposited({ cents: 1 })], ANY),
    )

    await expect(append).rejects.toThrow('Run BEGIN on it first')
  })

  server.test('is refused on a pool: each append would commit by itself', async () => {
    const { pool, store } = openStore()

    expect(() => store.within(pool as unknown as pg.PoolClient)).toThrow('not a pool or a database')
  })

  server.test(
    'says that the transaction has to be run again when another one was first',
    async () => {
      const { pool, store } = openStore()
      await store.migrate()

      const append = onClient(pool, async (client) => {
        await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT now()')
        await store.append(account, [MoneyDeposited({ cents: 1 })], ANY)
        await store.within(client).append(account, [MoneyDeposited({ cents: 2 })], ANY)
      })

      await expect(append).rejects.toMatchObject({
        code: 'TRANSACTION_RACED',
        retryable: true,
        streamIds: [account],
      })
    },
  )

  server.test('makes the server look after its peer, until the transaction ends', async () => {
    const { pool, store } = openStore()
    await store.migrate()
    const idle = 'SHOW tcp_keepalives_idle'

    await onClient(pool, async (client) => {
      const shown = async (): Promise<unknown> => (await client.query(idle)).rows[0]
      const before = await shown()
      await client.query('BEGIN')
      await store.within(client).append(account, [MoneyDeposited({ cents: 1 })], ANY)
      expect(await shown()).toEqual({ tcp_keepalives_idle: '30' })
      await client.query('COMMIT')
      expect(await shown()).toEqual(before)
    })
  })

  server.test(
    'takes 12,880 appends in one transaction',
    async () => {
      const { pool, store } = openStore()
      await store.migrate()

      await onClient(pool, async (client) => {
        await client.query('BEGIN')
        const writer = store.within(client)
        for (const id of range(1, 12_880))
          await writer.append(
            streamId('account', String(id % 644)),
            [MoneyDeposited({ cents: 1 })],
            ANY,
          )
        await client.query('COMMIT')
      })

      const { rows } = await pool.query(
        `SELECT count(*)::integer AS events FROM ${store.name}.events`,
      )
      expect(rows).toEqual([{ events: 12_880 }])
    },
    60_000,
  )
})

function openStore(): { pool: pg.Pool; store: PostgresEventStore & { readonly name: string } } {
  const pool = server.pool()
  const schema = server.anySchema()
  const store = postgresEventStore({
    database: postgres(pool),
    schema,
    catalogs: [accountEvents],
  })
  return { pool, store: { ...store, name: schema } }
}

/** The connection ends when `work` fails, as what it left open must not be used again. */
async function onClient<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  let isClean = false
  try {
    const result = await work(client)
    isClean = true
    return result
  } finally {
    client.release(!isClean)
  }
}
