import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type pg from 'pg'
import {
  postgres,
  postgresEventStore,
  UnsafeLogError,
  type PostgresEventStore,
  type PostgresEventStoreOptions,
} from '../../src/adapters/postgres/index.ts'
import { streamId } from '../../src/index.ts'
import { rawAppend } from '../adapters/postgres/raw-append.ts'
import { accountEvents } from '../domain/account.ts'
import { describeWithPrivateServer, PrivateServer } from './private-server.ts'

describeWithPrivateServer('an event store on a server of its own', () => {
  let server: PrivateServer
  let pool: pg.Pool

  beforeAll(async () => {
    server = await PrivateServer.start()
    pool = server.pool()
    await pool.query('ALTER SYSTEM SET max_prepared_transactions = 5')
    await server.crash()
    await server.restart()
  }, 60_000)
  afterAll(() => server[Symbol.asyncDispose](), 60_000)

  const openStore = (
    schema: string,
    options: Pick<PostgresEventStoreOptions, 'migrations'> = {},
  ): PostgresEventStore =>
    postgresEventStore({ database: postgres(pool), catalogs: [accountEvents], schema, ...options })

  const dataFolder = async (): Promise<string> => {
    const { rows } = await pool.query<Record<string, string>>('SHOW data_directory')
    return rows[0]?.['data_directory'] ?? ''
  }

  test('names the prepared transaction that holds its head back, also after a crash', async () => {
    const store = openStore('prepared')
    await append(store, '1')
    const client = await pool.connect()
    await client.query('BEGIN')
    await rawAppend(client, { schema: 'prepared', stream: 'account-2' })
    await client.query("PREPARE TRANSACTION 'transfer 17'")
    const { rows } = await client.query<object>('SELECT prepared AS since FROM pg_prepared_xacts')
    client.release()
    await append(store, '3')
    const heldBackBy = {
      pid: undefined,
      preparedTransaction: 'transfer 17',
      user: 'everfold',
      ...rows[0],
    }
    expect(await store.status()).toMatchObject({ behind: 2, heldBackBy })

    await server.crash()
    await server.restart()

    expect(await store.status()).toMatchObject({ head: { position: 1n }, heldBackBy })
    await pool.query("COMMIT PREPARED 'transfer 17'")
    expect(await store.status()).toMatchObject({ behind: 0, heldBackBy: undefined })
  }, 60_000)

  test('refuses a standby, and goes on when it was promoted', async () => {
    await append(openStore('standby'), '1')
    const folder = await dataFolder()
    await server.crash()
    await writeFile(join(folder, 'standby.signal'), '')
    await server.restart()
    const store = openStore('standby')
    const missing = openStore('missing')
    const checking = openStore('standby', { migrations: 'manual' })

    const reading = store.head()

    await expect(reading).rejects.toThrow(UnsafeLogError)
    await expect(reading).rejects.toThrow(/is a standby.* Connect to the primary\./)
    await expect(missing.migrate()).rejects.toThrow(UnsafeLogError)
    await expect(missing.status()).rejects.toThrow(UnsafeLogError)
    await expect(checking.head()).rejects.toThrow(UnsafeLogError)
    await pool.query('SELECT pg_promote()')
    expect(await store.head()).toMatchObject({ position: 1n })
    await append(store, '2')
  }, 60_000)
})

async function append(store: PostgresEventStore, id: string): Promise<void> {
  const events = [accountEvents.AccountOpened({ owner: 'Ada' })]
  await store.append(streamId('account', id), events, { expectedVersion: 'any' })
}
