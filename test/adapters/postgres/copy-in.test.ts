import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import type pg from 'pg'
import { postgres, type Database } from '../../../src/adapters/postgres/index.ts'
import { describeOnServer, PostgresServer } from './postgres-server.ts'

const server = new PostgresServer()

jest.afterAll(() => server.close())

describeOnServer('a COPY whose parts throw', () => {
  server.test('is given up at once, and its connection stays usable', async () => {
    const { pool, database, table } = await emptyTable()
    const [before] = await database.query(PID)

    const copying = database.transaction(async (session) => {
      await session.copyIn?.(`COPY ${table} FROM STDIN`, failing(0))
    })

    await expect(copying).rejects.toBe(REASON)
    expect(await database.query(PID)).toEqual([before])
    expect(await countOf(pool, table)).toBe(0)
  })

  server.test('leaves nothing of the parts before', async () => {
    const { pool, database, table } = await emptyTable()
    const [before] = await database.query(PID)

    const copying = database.transaction(async (session) => {
      await session.copyIn?.(`COPY ${table} FROM STDIN`, failing(20))
    })

    await expect(copying).rejects.toBe(REASON)
    expect(await database.query(PID)).toEqual([before])
    expect(await countOf(pool, table)).toBe(0)
  })

  server.test('is given up without a transaction around it, too', async () => {
    const { pool, database, table } = await emptyTable()

    await expect(database.copyIn?.(`COPY ${table} FROM STDIN`, failing(3))).rejects.toBe(REASON)

    expect(await countOf(pool, table)).toBe(0)
  })

  server.test(
    'tells what they threw when the connection breaks then, and uses another',
    async () => {
      const { pool, database, table } = await emptyTable()
      const [before] = await database.query(PID)
      const killer = await server.pool().connect()
      const parts = function* (): Generator<Uint8Array> {
        yield LINES
        void killer.query('SELECT pg_terminate_backend($1)', [before?.[0]])
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300) // the server ends it before it hears more
        throw REASON
      }

      await expect(database.copyIn?.(`COPY ${table} FROM STDIN`, parts())).rejects.toBe(REASON)
      killer.release()

      expect(await database.query(PID)).not.toEqual([before])
      expect(await countOf(pool, table)).toBe(0)
    },
  )
})

const PID = { text: 'SELECT pg_backend_pid()' }
const REASON = new Error('no more parts')
/** More than a stream takes before it asks to wait. */
const LINES = Buffer.from(`${'x'.repeat(1000)}\n`.repeat(200))

/** So many parts, and then none but an error. */
function* failing(parts: number): Generator<Uint8Array> {
  for (let part = 0; part < parts; part++) yield LINES
  throw REASON
}

async function emptyTable(): Promise<{ pool: pg.Pool; database: Database; table: string }> {
  const pool = server.pool({ max: 1 })
  const schema = server.anySchema()
  const table = `${schema}.lines`
  await pool.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${table} (line text)`)
  return { pool, database: postgres(pool, { queryTimeoutMs: 2000 }), table }
}

async function countOf(pool: pg.Pool, table: string): Promise<number> {
  const { rows } = await pool.query<{ count: string }>(`SELECT count(*) FROM ${table}`)
  return Number(rows[0]?.count)
}
