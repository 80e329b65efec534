import { setTimeout as sleep } from 'node:timers/promises'
import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import type pg from 'pg'
import type { PostgresEventStore } from '../../src/adapters/postgres/index.ts'
import { streamId } from '../../src/index.ts'
import { describeOnServer, PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { deposits, outOfOrder, readLog, torn, wronglyTold, type Attempt } from './attempt.ts'
import { follow } from './follow.ts'
import { isFullSize } from './full-size.ts'
import { openStore } from './open-store.ts'
import { seededRandom, seeds } from './seeded-random.ts'
import { WriterProcesses } from './writer-processes.ts'

const DURATION_MS = isFullSize ? 20_000 : 3000
const SLOW_MS = 2000

const server = new PostgresServer()

jest.afterAll(() => server.close())

describeOnServer('64 writers in four processes, a third in transactions held open', () => {
  for (const seed of seeds(1))
    server.test(
      `show each committed event once and in order, and wait for none that is slow, seed ${seed}`,
      async () => {
        const random = seededRandom(seed)
        const pool = server.pool()
        const schema = server.anySchema()
        const store = openStore(pool, schema)
        await using processes = await WriterProcesses.start(4, {
          url: server.url,
          schema,
          connections: 5,
        })
        const stopped = new AbortController()
        const { signal } = stopped

        const followers = [0, 1].map(() => follow(store, { delayMs: random.below(1500), signal }))
        const writing = Promise.all([
          processes.run({ kind: 'append', writers: 11, seed, durationMs: DURATION_MS, pauseMs: 8 }),
          processes.run({
            kind: 'transact',
            writers: 5,
            seed,
            durationMs: DURATION_MS,
            holdMs: 40,
          }),
        ])
        await sleep(random.below(500))
        const slow = await holdOpen(pool, store)
        await writing
        const log = await readLog(store)
        await Promise.all(followers.map((follower) => follower.seesAsMany(log.length)))
        stopped.abort()

        expect(log.length).toBeGreaterThan(1000)
        expect(wronglyTold([...processes.attempts, slow], log)).toEqual([])
        expect(torn(log)).toEqual([])
        expect(outOfOrder(log)).toEqual([])
        for (const follower of followers) {
          expect(follower.failure()).toBeUndefined()
          expect(idsOf(follower.seen)).toEqual(idsOf(log))
          expect(outOfOrder(follower.seen)).toEqual([])
        }
        expect(writersDuring(slow, processes.attempts).size).toBe(64)
      },
      120_000,
    )
})

describeOnServer('positions around the place where the keys of the locks begin again', () => {
  for (const seed of seeds(1))
    for (const place of [2 ** 31, 2 ** 32])
      server.test(
        `are shown once and in order, ${place}, seed ${seed}`,
        async () => {
          const pool = server.pool()
          const schema = server.anySchema()
          const store = openStore(pool, schema)
          await store.head()
          await pool.query(`SELECT setval('${schema}.events_position_seq', $1)`, [place - 300])
          await using processes = await WriterProcesses.start(2, {
            url: server.url,
            schema,
            connections: 5,
          })
          const stopped = new AbortController()
          const { signal } = stopped

          const followers = [0, 1].map(() => follow(store, { signal }))
          await Promise.all([
            processes.run({ kind: 'append', writers: 4, seed, durationMs: 1500, pauseMs: 40 }),
            processes.run({ kind: 'transact', writers: 6, seed, durationMs: 1500, holdMs: 60 }),
          ])
          const log = await readLog(store)
          await Promise.all(followers.map((follower) => follower.seesAsMany(log.length)))
          stopped.abort()

          expect(log.at(0)?.position).toBeLessThan(place - 200)
          expect(log.at(-1)?.position).toBeGreaterThan(place + 200)
          expect(wronglyTold(processes.attempts, log)).toEqual([])
          expect(outOfOrder(log)).toEqual([])
          for (const follower of followers) expect(idsOf(follower.seen)).toEqual(idsOf(log))
        },
        60_000,
      )
})

/** One writer more, whose transaction takes long. */
async function holdOpen(pool: pg.Pool, store: PostgresEventStore): Promise<Attempt> {
  const client = await pool.connect()
  const { ids, events } = deposits(2)
  await client.query('BEGIN')
  await store
    .within(client)
    .append(streamId('account', 'slow'), events, { expectedVersion: 'no-stream' })
  const startedAtMs = Date.now()
  await sleep(SLOW_MS)
  const endedAtMs = Date.now()
  await client.query('COMMIT')
  client.release()
  return { writer: 'slow', ids, isBlind: true, outcome: 'done', startedAtMs, endedAtMs }
}

/** Who began and ended an append meanwhile. */
function writersDuring(slow: Attempt, attempts: readonly Attempt[]): ReadonlySet<string> {
  const meanwhile = attempts.filter(
    ({ startedAtMs, endedAtMs }) => startedAtMs >= slow.startedAtMs && endedAtMs <= slow.endedAtMs,
  )
  return new Set(meanwhile.map(({ writer }) => writer))
}

function idsOf(events: readonly { readonly id: string }[]): readonly string[] {
  return events.map(({ id }) => id)
}
