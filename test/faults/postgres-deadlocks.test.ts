import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import { describeOnServer, PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { outOfOrder, readLog, torn, wronglyTold } from './attempt.ts'
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
        const attempts = await processes.run({
          kind: 'overlap',
          writers: 8,
          streams: 12,
          seed,
          durationMs: DURATION_MS,
        })
        const log = await readLog(openStore(pool, SCHEMA))
        const { rows } = await pool.query<{ deadlocks: string }>(
          'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
        )

        expect(rows).toEqual([{ deadlocks: '0' }])
        expect(attempts.length).toBeGreaterThan(200)
        expect(attempts.filter(({ outcome }) => outcome !== 'done')).toEqual([])
        expect(wronglyTold(attempts, log)).toEqual([])
        expect(torn(log)).toEqual([])
        expect(outOfOrder(log)).toEqual([])
      },
      DURATION_MS + 60_000,
    )
})
