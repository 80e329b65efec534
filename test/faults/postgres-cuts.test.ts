import { setTimeout as sleep } from 'node:timers/promises'
import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import type pg from 'pg'
import { describeOnServer, PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { givenUp, outOfOrder, readLog, torn, wronglyTold } from './attempt.ts'
import { isFullSize } from './full-size.ts'
import { openStore } from './open-store.ts'
import { seededRandom, seeds, type SeededRandom } from './seeded-random.ts'
import { TcpProxy } from './tcp-proxy.ts'
import { WriterProcesses } from './writer-processes.ts'

const DURATION_MS = isFullSize ? 20_000 : 2500

const server = new PostgresServer()

jest.afterAll(() => server.close())

describeOnServer('a log whose writers are killed', () => {
  for (const seed of seeds(1))
    server.test(
      `holds every append as its writer was told, and the others whole or not at all, seed ${seed}`,
      async () => {
        const random = seededRandom(seed)
        const schema = server.anySchema()
        const pool = server.pool()
        const settings = { url: server.url, schema, connections: 8 }
        await using processes = await WriterProcesses.start(3, settings)

        const durationMs = 60_000 // until it is killed
        const jobs = Promise.all([
          processes.run({ kind: 'append', writers: 16, seed, durationMs, pauseMs: 0 }),
          processes.run({ kind: 'transact', writers: 4, seed, durationMs, holdMs: 20 }),
        ])
        await Promise.all(
          processes.all.map(async (process) => {
            await sleep(200 + random.below(DURATION_MS))
            await process.kill()
          }),
        )
        await jobs
        await connectionsAreGone(pool, schema)
        const log = await readLog(openStore(pool, schema))

        expect(processes.attempts.length).toBeGreaterThan(100)
        expect(wronglyTold(processes.attempts, log)).toEqual([])
        expect(torn(log)).toEqual([])
        expect(outOfOrder(log)).toEqual([])
      },
      180_000,
    )
})

describeOnServer('a log whose writers lose connections', () => {
  for (const seed of seeds(1)) {
    server.test(
      `holds every append as its writer was told when the server ends them, seed ${seed}`,
      async () => {
        const schema = server.anySchema()
        const pool = server.pool()
        const cut = async (random: SeededRandom): Promise<number> => {
          const { rowCount } = await pool.query(TERMINATE, [schema, 1 + random.below(3)])
          return rowCount ?? 0
        }

        const { cuts, ...outcome } = await writeWhile(cut, { seed, schema, url: server.url })

        expect(cuts).toBeGreaterThan(20)
        expect(outcome).toEqual(ALL_WELL)
      },
      180_000,
    )

    server.test(
      `holds every append as its writer was told when the network resets them, seed ${seed}`,
      async () => {
        const schema = server.anySchema()
        await using proxy = await TcpProxy.listen(server.url)
        const cut = (random: SeededRandom): Promise<number> =>
          Promise.resolve(proxy.cut(random, 0.3))

        const { cuts, ...outcome } = await writeWhile(cut, { seed, schema, url: proxy.url })

        expect(cuts).toBeGreaterThan(20)
        expect(outcome).toEqual(ALL_WELL)
      },
      180_000,
    )
  }
})

const TERMINATE = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = $1 AND state = 'active' ORDER BY random() LIMIT $2`

const ALL_WELL = { wronglyTold: [], givenUp: [], torn: [], outOfOrder: [], hasWritten: true }

/** Two processes append while their connections are cut at random moments. */
async function writeWhile(
  cut: (random: SeededRandom) => Promise<number>,
  { seed, schema, url }: { readonly seed: number; readonly schema: string; readonly url: string },
) {
  const random = seededRandom(seed)
  await using processes = await WriterProcesses.start(2, { url, schema, connections: 8 })
  const ended = new AbortController()
  let cuts = 0
  const writing = processes
    .run({ kind: 'append', writers: 16, seed, durationMs: DURATION_MS, pauseMs: 0 })
    .finally(() => {
      ended.abort()
    })
  while (!ended.signal.aborted) {
    await sleep(random.below(40))
    cuts += await cut(random)
  }
  await writing
  const log = await readLog(openStore(server.pool(), schema))
  return {
    cuts,
    wronglyTold: wronglyTold(processes.attempts, log),
    givenUp: givenUp(processes.attempts),
    torn: torn(log),
    outOfOrder: outOfOrder(log),
    hasWritten: log.length > 100,
  }
}

/** What a killed process has sent may still be running. */
async function connectionsAreGone(pool: pg.Pool, name: string): Promise<void> {
  for (;;) {
    const { rows } = await pool.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [
      name,
    ])
    if (rows.length === 0) return
    await sleep(10)
  }
}
