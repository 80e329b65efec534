import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { postgres, postgresEventStore } from '../../src/adapters/postgres/index.ts'
import {
  OutcomeUnknownError,
  streamId,
  type EventStore,
  type ExpectedVersion,
  type RecordedEvent,
} from '../../src/index.ts'
import { describeOnServer, PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { rawAppend } from '../adapters/postgres/raw-append.ts'
import { accountEvents } from '../domain/account.ts'
import { seededRandom, seeds, type SeededRandom } from './seeded-random.ts'

const server = new PostgresServer()

jest.afterAll(() => server.close())

const openStore = (pool: pg.Pool, schema: string): EventStore =>
  postgresEventStore({
    database: postgres(pool),
    catalogs: [accountEvents],
    schema,
    pollIntervalMs: 2,
  })

describeOnServer('the log while twelve writers hold transactions open and roll some back', () => {
  for (const seed of seeds(2))
    server.test(
      `shows each committed event once and in order, seed ${seed}`,
      async () => {
        const random = seededRandom(seed)
        const pool = server.pool({ max: 20 })
        const schema = server.anySchema()
        const store = openStore(pool, schema)
        await store.head()
        const stopped = new AbortController()

        const followers = [0, random.below(1000)].map((delayMs) =>
          follow(store, delayMs, stopped.signal),
        )
        await Promise.all(
          Array.from({ length: 12 }, (_, index) =>
            write(pool, { schema, writer: index, random: seededRandom(seed * 100 + index) }),
          ),
        )
        const { rows } = await pool.query<{ id: string }>(
          `SELECT id FROM ${schema}.events ORDER BY position`,
        )
        const committed = rows.map(({ id }) => id)
        await Promise.race([
          Promise.all(followers.map(({ reached }) => reached(committed.length))),
          sleep(10_000, undefined, { signal: stopped.signal }),
        ])
        stopped.abort()

        expect(committed.length).toBeGreaterThan(100)
        for (const { seen } of followers) {
          expect(seen.map(({ id }) => id)).toEqual(committed)
          expect(outOfOrder(seen)).toEqual([])
        }
      },
      60_000,
    )
})

interface Writer {
  readonly schema: string
  readonly writer: number
  readonly random: SeededRandom
}

/** For two seconds: transactions of one to three appends, held open for up to 20 ms, one in fifty for 200. */
async function write(pool: pg.Pool, { schema, writer, random }: Writer): Promise<void> {
  const client = await pool.connect()
  const end = performance.now() + 2000
  while (performance.now() < end) {
    await client.query('BEGIN')
    if (random.chance(0.2)) await client.query('SELECT pg_current_xact_id()') // owns a transaction id before its position
    for (let appends = 1 + random.below(3); appends > 0; appends--) {
      const stream = `account-${writer}-${random.below(5)}`
      await rawAppend(client, { schema, stream, count: 1 + random.below(3) })
      await sleep(random.below(4))
    }
    await sleep(random.chance(0.02) ? 200 : random.below(20))
    await client.query(random.chance(0.1) ? 'ROLLBACK' : 'COMMIT')
  }
  client.release()
}

function follow(store: EventStore, delayMs: number, signal: AbortSignal) {
  const seen: RecordedEvent[] = []
  let wake = (): void => undefined
  const run = async (): Promise<void> => {
    await sleep(delayMs)
    for await (const { events } of store.subscribe({ pageSize: 50, signal })) {
      seen.push(...events)
      wake()
    }
  }
  void run().catch(() => undefined) // ends with the reason of the signal
  const reached = (count: number): Promise<void> =>
    new Promise((resolve) => {
      wake = () => {
        if (seen.length >= count) resolve()
      }
      wake()
    })
  return { seen, reached }
}

function outOfOrder(log: readonly RecordedEvent[]): readonly RecordedEvent[] {
  const versions = new Map<string, number>()
  return log.filter(({ streamId: stream, version }) => {
    const previous = versions.get(stream) ?? 0
    versions.set(stream, version)
    return version !== previous + 1
  })
}

describeOnServer('appends whose connections are cut', () => {
  for (const seed of seeds(2))
    server.test(
      `are there once when done, and not when refused, seed ${seed}`,
      async () => {
        const random = seededRandom(seed)
        const schema = server.anySchema()
        const pool = server.pool({ max: 8, application_name: schema })
        const store = openStore(pool, schema)
        await store.head()
        const stopped = new AbortController()

        const cuts = cut(server.pool(), { name: schema, random, signal: stopped.signal })
        const attempts = await Promise.all(
          Array.from({ length: 8 }, (_, index) =>
            appendUntil(store, index, performance.now() + 2500),
          ),
        )
        stopped.abort()
        const log: RecordedEvent[] = []
        const reader = openStore(server.pool(), schema) // that pool may still hand out what was cut
        for await (const { events } of reader.readAll()) log.push(...events)

        expect(await cuts).toBeGreaterThan(20)
        expect(wrongOutcomes(attempts.flat(), log)).toEqual([])
        expect(outOfOrder(log)).toEqual([])
      },
      60_000,
    )
})

interface Attempt {
  readonly ids: readonly string[]
  readonly outcome: 'done' | 'refused' | 'unknown'
}

/** Even writers expect versions, of a stream of their own; odd ones take any, where an outcome can stay unknown. */
async function appendUntil(
  store: EventStore,
  writer: number,
  end: number,
): Promise<readonly Attempt[]> {
  const account = streamId('account', String(writer))
  const attempts: Attempt[] = []
  let version = 0
  while (performance.now() < end) {
    const isBlind = writer % 2 === 1
    const isStale = !isBlind && attempts.length % 10 === 9
    const expectedVersion: ExpectedVersion = isBlind ? 'any' : isStale ? version + 1 : version
    const ids = [randomUUID(), randomUUID()]
    const events = ids.map((id) => accountEvents.MoneyDeposited({ cents: 1 }, { id }))
    try {
      const result = await store.append(account, events, { expectedVersion })
      version = result.version
      attempts.push({ ids, outcome: 'done' })
    } catch (error) {
      const isUnknown = error instanceof OutcomeUnknownError
      if (!isUnknown && !isStale) throw error
      attempts.push({ ids, outcome: isUnknown ? 'unknown' : 'refused' })
    }
  }
  return attempts
}

/** Ends connections of a pool at random moments; gives their number. */
async function cut(
  pool: pg.Pool,
  {
    name,
    random,
    signal,
  }: { readonly name: string; readonly random: SeededRandom; readonly signal: AbortSignal },
): Promise<number> {
  let cuts = 0
  while (!signal.aborted) {
    await sleep(random.below(60))
    const { rowCount } = await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 ORDER BY random() LIMIT $2`,
      [name, 1 + random.below(3)],
    )
    cuts += rowCount ?? 0
  }
  return cuts
}

function wrongOutcomes(
  attempts: readonly Attempt[],
  log: readonly RecordedEvent[],
): readonly Attempt[] {
  const times = new Map<string, number>()
  for (const { id } of log) times.set(id, (times.get(id) ?? 0) + 1)
  const expected = { done: [1], refused: [0], unknown: [0, 1] }
  return attempts.filter(({ ids, outcome }) => {
    const found = ids.map((id) => times.get(id) ?? 0)
    return !expected[outcome].some((count) => found.every((each) => each === count))
  })
}
