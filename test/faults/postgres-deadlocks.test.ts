import { setTimeout as sleep } from 'node:timers/promises'
import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import type pg from 'pg'
import { describeOnServer, PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { outOfOrder, readLog, torn, wronglyTold } from './attempt.ts'
import { eventually } from './eventually.ts'
import { isFullSize } from './full-size.ts'
import { openStore } from './open-store.ts'
import { seeds } from './seeded-random.ts'
import { WriterProcesses } from './writer-processes.ts'

const DURATION_MS = isFullSize ? 60_000 : 3000
const SCHEMA = 'everfold'

const server = new PostgresServer()

jest.afterAll(() => server.close())

describeOnServer('eight processes that append to the same few streams in any order', () => {
  for (const seed of seeds(1))
    server.test(
      `never wait for each other in a circle, seed ${seed}`,
      async () => {
        const url = await server.anyDatabase() // the server counts deadlocks for each
        const pool = server.pool({ connectionString: url })
        // Or those who wait in a circle would give up before the server looks.
        await pool.query(
          `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET deadlock_timeout TO 10`,
        )
        await using processes = await WriterProcesses.start(8, {
          url,
          schema: SCHEMA,
          connections: 8,
        })
        const ended = new AbortController()
        const writing = processes.run(
          { kind: 'overlap', writers: 8, streams: 12, seed, durationMs: DURATION_MS + 40_000 },
          { signal: ended.signal },
        )
        writing.catch(() => undefined) // awaited below
        await sleep(DURATION_MS)
        await eventually(() => processes.attempts.length > 200)
        ended.abort()
        const attempts = await writing
        const log = await readLog(openStore(pool, SCHEMA))
        const deadlocks = await deadlocksOnceAllAreGone(processes, pool)

        expect(deadlocks).toBe(0)
        expect(attempts.length).toBeGreaterThan(200)
        expect(attempts.filter(({ outcome }) => outcome !== 'done')).toEqual([])
        expect(wronglyTold(attempts, log)).toEqual([])
        expect(torn(log)).toEqual([])
        expect(outOfOrder(log)).toEqual([])
      },
      DURATION_MS + 90_000,
    )
})

/** A connection adds what it counted to the counts of all once a second, and when it ends. */
async function deadlocksOnceAllAreGone(processes: WriterProcesses, pool: pg.Pool): Promise<number> {
  await processes[Symbol.asyncDispose]()
  let writers: number | undefined
  await eventually(async () => {
    const { rowCount } = await pool.query(
      'SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1',
      [SCHEMA], // they are named after it
    )
    writers = rowCount ?? 0
    return writers === 0
  })
  const { rows } = await pool.query<{ deadlocks: string }>(
    'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
  )
  expect(writers).toBe(0)
  return Number(rows[0]?.deadlocks)
}
