import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import pg from 'pg'
import {
  DatabaseClosedError,
  DatabaseError,
  DatabaseUnavailableError,
  postgres,
} from '../../../src/adapters/postgres/index.ts'
import { databaseTests } from './database-tests.ts'
import { describeOnServer, PostgresServer, url } from './postgres-server.ts'

const server = new PostgresServer()
const test = server.test.bind(server)

jest.afterAll(() => server.close())

jest.describe('postgres(pool) without a server', () => {
  jest.test('tells that nothing was sent when no server answers', async () => {
    const pool = new pg.Pool({ host: '127.0.0.1', port: 9 })

    const query = postgres(pool).query({ text: 'SELECT 1' })

    await expect(query).rejects.toThrow(DatabaseUnavailableError)
    await expect(query).rejects.toMatchObject({ retryable: true, outcome: 'not-run' })
    await pool.end()
  })

  jest.test('tells that the pool was ended', async () => {
    const pool = new pg.Pool()
    await pool.end()

    const query = postgres(pool).query({ text: 'SELECT 1' })

    await expect(query).rejects.toThrow(DatabaseClosedError)
  })
})

describeOnServer('postgres(pool)', () => {
  databaseTests(test, () => postgres(server.pool()), server.anySchema())

  test('leaves the parsers of the application alone', async () => {
    const pool = server.pool()
    await postgres(pool).query({ text: 'SELECT 1' })

    const { rows } = await pool.query('SELECT 1 AS one')

    expect(rows).toEqual([{ one: 1 }])
  })

  test('prepares a statement once per connection, and not at all when told so', async () => {
    const named = { text: 'SELECT count(*) FROM pg_prepared_statements', name: 'counted' }
    const pool = server.pool({ max: 1 })

    const counts = [
      await postgres(pool, { preparedStatements: false }).query(named),
      await postgres(pool).query(named),
      await postgres(pool).query(named),
    ]

    expect(counts.flat(2)).toEqual(['0', '1', '1'])
  })

  test('tells that the outcome is unknown when the connection is lost', async () => {
    const pool = server.pool()
    const database = postgres(pool)

    const query = database.query({ text: 'SELECT pg_terminate_backend(pg_backend_pid())' })

    await expect(query).rejects.toThrow(DatabaseUnavailableError)
    await expect(query).rejects.toMatchObject({ retryable: true, outcome: 'unknown' })
    expect(await database.query({ text: 'SELECT 3' })).toEqual([['3']])
    expect(pool.totalCount).toBe(1)
  })

  test('tells that nothing stays when the connection is lost before the commit', async () => {
    const database = postgres(server.pool())

    const work = database.transaction(async (session) => {
      await session.query({ text: 'SELECT pg_terminate_backend(pg_backend_pid())' })
    })

    await expect(work).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', outcome: 'not-run' })
  })

  test('survives a connection that breaks while nothing runs on it', async () => {
    const database = postgres(server.pool())
    const other = postgres(server.pool())

    const work = database.session(async (session) => {
      const [[pid = null] = []] = await session.query({ text: 'SELECT pg_backend_pid()' })
      await other.query({ text: 'SELECT pg_terminate_backend($1)' }, [pid])
      await new Promise((resolve) => setTimeout(resolve, 100))
      return session.query({ text: 'SELECT 1' })
    })

    await expect(work).rejects.toThrow(DatabaseUnavailableError)
    expect(await database.query({ text: 'SELECT 4' })).toEqual([['4']])
  })

  test('takes a server that does not answer in time for lost, with an unknown outcome', async () => {
    const pool = server.pool()
    const database = postgres(pool, { queryTimeoutMs: 150 })

    const query = database.query({ text: 'SELECT pg_sleep(2)' })

    await expect(query).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', outcome: 'unknown' })
    expect(pool.totalCount).toBe(0)
    const own = await database.query({ text: 'SELECT 5 FROM pg_sleep(0.3)', timeoutMs: 0 })
    expect(own).toEqual([['5']])
  })

  test('tells that nothing was sent when no connection gets free in time', async () => {
    const pool = server.pool({ max: 1 })
    const database = postgres(pool, { queryTimeoutMs: 150 })
    const client = await pool.connect()

    const query = database.query({ text: 'SELECT 1' })
    query.catch(() => undefined) // looked at after the client is back, whatever happens
    const outcome = await Promise.race([
      query.then(String, (error: unknown) => error),
      new Promise((resolve) => setTimeout(resolve, 1000, 'still waiting')),
    ])
    client.release()

    expect(outcome).toMatchObject({ code: 'DATABASE_UNAVAILABLE', outcome: 'not-run' })
    expect(await database.query({ text: 'SELECT 6' })).toEqual([['6']])
  })

  test('runs statements on clients that pipeline theirs', async () => {
    const pipelining = { pipeline: true } as pg.PoolConfig
    const database = postgres(server.pool(pipelining))

    const rows = await database.query({ text: 'SELECT $1::text, NULL', name: 'piped' }, ['a'])

    expect(rows).toEqual([['a', null]])
  })

  test('hands rows of clients that pipeline on when they are all there', async () => {
    const pipelining = { pipeline: true } as pg.PoolConfig
    const database = postgres(server.pool(pipelining))
    const taken: unknown[] = []
    const take = (row: unknown): unknown => taken.push(row)

    const rows = await database.query({ text: 'SELECT $1::text', take }, ['a'])

    expect([rows, taken]).toEqual([[], [['a']]])
  })

  test('hands a row on while the server makes those after it', async () => {
    const database = postgres(server.pool({ max: 1 }))
    const takenAtMs: number[] = []
    const take = (): unknown => takenAtMs.push(performance.now())
    const text = `SELECT repeat('x', 1000), pg_sleep(CASE n WHEN 50 THEN 0.5 ELSE 0 END) FROM generate_series(1, 50) n`

    await database.query({ text, name: 'slow', take })

    const [first = 0] = takenAtMs
    expect((takenAtMs[49] ?? 0) - first).toBeGreaterThan(400)
  })

  test('refuses a second statement under the name of another, and goes on', async () => {
    const database = postgres(server.pool({ max: 1 }))
    await database.query({ text: 'SELECT 1', name: 'taken' })

    const second = database.query({ text: 'SELECT 2', name: 'taken' })

    await expect(second).rejects.toThrow(DatabaseUnavailableError)
    expect(await database.query({ text: 'SELECT 3', name: 'free' })).toEqual([['3']])
  })

  test('refuses a COPY that is given as a named statement, and goes on', async () => {
    const database = postgres(server.pool({ max: 1 }), { queryTimeoutMs: 2000 })
    const [[pid] = []] = await database.query({ text: 'SELECT pg_backend_pid()' })
    await database.query({ text: 'CREATE TEMPORARY TABLE copied (line text)' })

    const copy = database.query({ text: 'COPY copied FROM STDIN', name: 'copy' })

    await expect(copy).rejects.toThrow(DatabaseError)
    const query = { text: 'SELECT pg_backend_pid()', name: 'pid' }
    expect(await database.query(query)).toEqual([[pid]])
  })

  test("respects the client's own query_timeout, which ends with the answer", async () => {
    const database = postgres(server.pool({ max: 1, query_timeout: 200 }))
    const answered = await database.query({ text: 'SELECT $1::text' }, ['in time'])
    await new Promise((resolve) => setTimeout(resolve, 250))

    const late = database.query({ text: 'SELECT pg_sleep($1)' }, [2])

    await expect(late).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', outcome: 'unknown' })
    expect(answered).toEqual([['in time']])
    expect(await database.query({ text: 'SELECT $1::text' }, ['again'])).toEqual([['again']])
  })

  test('does not use a connection on which somebody left a transaction open', async () => {
    const pool = server.pool({ max: 1 })
    const client = await pool.connect()
    const leaked = await client.query<{ pid: number }>('BEGIN; SELECT pg_backend_pid() AS pid')
    client.release()

    const [row] = await postgres(pool).query({ text: 'SELECT pg_backend_pid()' })

    expect(JSON.stringify(leaked)).not.toContain(`"pid":${row?.[0] ?? ''}`)
  })

  test('does not take a wrong database for one that cannot be reached', async () => {
    const wrong = new URL(url ?? '')
    wrong.pathname = '/everfold_nowhere'
    const database = postgres(server.pool({ connectionString: wrong.href }))

    const query = database.query({ text: 'SELECT 1' })

    await expect(query).rejects.toThrow(DatabaseError)
    await expect(query).rejects.toMatchObject({ sqlState: '3D000', retryable: false })
  })
})
