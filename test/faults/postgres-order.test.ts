import { setTimeout as sleep } from 'node:timers/promises'
import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import type pg from 'pg'
import type { PostgresEventStore } from '../../src/adapters/postgres/index.ts'
import { streamId } from '../../src/index.ts'
import { describeOnServer, PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { deposits, outOfOrder, readLog, torn, wronglyTold, type Attempt } from './attempt.ts'
import { eventually } from './eventually.ts'
import { follow } from './follow.ts'
import { isFullSize } from './full-size.ts'
import { openStore } from './open-store.ts'
import { seededRandom, seeds } from './seeded-random.ts'
import { WriterProcesses } from './writer-processes.ts'

const DURATION_MS = isFullSize ? 20_000 : 3000
const SLOW_MS = 2000
/** Of the writers, should nobody end them. */
const LIMIT_MS = 100_000

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
        const ended = new AbortController()
        const options = { signal: ended.signal }
        const job = { seed, durationMs: LIMIT_MS }
        const writing = Promise.all([
          processes.run({ ...job, kind: 'append', writers: 11, pauseMs: 8 }, options),
          processes.run({ ...job, kind: 'transact', writers: 5, holdMs: 40 }, options),
        ])
        writing.catch(() => undefined) // awaited below
        const least = sleep(DURATION_MS)
        await sleep(random.below(500))
        const slow = await holdOpen({ pool, store }, (startedAtMs) =>
          eventually(() => writersDuring({ startedAtMs }, processes.attempts).size === 64),
        )
        await eventually(() => eventsDone(processes.attempts) > 1000)
        await least
        ended.abort()
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
          const ended = new AbortController()
          const options = { signal: ended.signal }
          const job = { seed, durationMs: LIMIT_MS }
          const writing = Promise.all([
            processes.run({ ...job, kind: 'append', writers: 4, pauseMs: 40 }, options),
            processes.run({ ...job, kind: 'transact', writers: 6, holdMs: 60 }, options),
          ])
          writing.catch(() => undefined) // awaited below
          await eventually(() => eventsDone(processes.attempts) > 800)
          ended.abort()
          await writing
          const log = await readLog(store)
          await Promise.all(followers.map((follower) => follower.seesAsMany(log.length)))
          stopped.abort()

          expect(log.at(0)?.position).toBeLessThan(place - 200)
          expect(log.at(-1)?.position).toBeGreaterThan(place + 200)
          expect(wronglyTold(processes.attempts, log)).toEqual([])
          expect(outOfOrder(log)).toEqual([])
          for (const follower of followers) expect(idsOf(follower.seen)).toEqual(idsOf(log))
        },
        120_000,
      )
})

/** One writer more, whose transaction takes long, and no less than `others`. */
async function holdOpen(
  { pool, store }: { readonly pool: pg.Pool; readonly store: PostgresEventStore },
  others: (sinceMs: number) => Promise<void>,
): Promise<Attempt> {
  const client = await pool.connect()
  const { ids, events } = deposits(2)
  await client.query('BEGIN')
  await store
    .within(client)
    .append(streamId('account', 'slow'), events, { expectedVersion: 'no-stream' })
  const startedAtMs = Date.now()
  await Promise.all([sleep(SLOW_MS), others(startedAtMs)])
  const endedAtMs = Date.now()
  await client.query('COMMIT')
  client.release()
  return { writer: 'slow', ids, isBlind: true, outcome: 'done', startedAtMs, endedAtMs }
}

/** Who began and ended an append meanwhile. */
function writersDuring(
  slow: { readonly startedAtMs: number; readonly endedAtMs?: number },
  attempts: readonly Attempt[],
): ReadonlySet<string> {
  const { startedAtMs: start, endedAtMs: end = Infinity } = slow
  const meanwhile = attempts.filter(
    ({ startedAtMs, endedAtMs }) => startedAtMs >= start && endedAtMs <= end,
  )
  return new Set(meanwhile.map(({ writer }) => writer))
}

/** How many events their writers know to be in the log. */
function eventsDone(attempts: readonly Attempt[]): number {
  const done = attempts.filter(({ outcome }) => outcome === 'done')
  return done.reduce((sum, { ids }) => sum + ids.length, 0)
}

function idsOf(events: readonly { readonly id: string }[]): readonly string[] {
  return events.map(({ id }) => id)
}
