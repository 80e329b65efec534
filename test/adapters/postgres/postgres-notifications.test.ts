import { afterAll, afterEach, expect } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { postgres, postgresEventStore } from '../../../src/adapters/postgres/index.ts'
import { streamId, type AppendResult, type EventStore, type LogPage } from '../../../src/index.ts'
import { accountEvents } from '../../domain/account.ts'
import { describeOnServer, PostgresServer } from './postgres-server.ts'
import { rawAppend } from './raw-append.ts'

const server = new PostgresServer()
const TEST_MS = 5000

afterAll(() => server.close(), TEST_MS)

/** Longer than a test may take: what arrives earlier was not found by asking. */
const NEVER_MS = 120_000

const followers = new Set<AbortController>()

afterEach(() => {
  for (const follower of followers) follower.abort()
})

describeOnServer('a subscription', () => {
  server.test(
    'hears of what another process appends, without asking',
    async () => {
      const { follower, writer } = stores()
      await append(writer)
      const { next, stop } = follow(follower)
      await next()
      await listening(follower.pool, follower.name)
      await sleep(100) // it looks around once when it begins to listen

      const { position } = await append(writer)

      expect((await next()).through.position).toBe(position)
      await stop()
    },
    TEST_MS,
  )

  server.test(
    'hears again after its connection was lost, also of what came meanwhile',
    async () => {
      const { follower, writer } = stores()
      const { next, stop } = follow(follower)
      const before = await listening(follower.pool, follower.name)

      await append(writer)
      await next()
      await sleep(100) // it looks around once more after a page
      const account = `account-${randomUUID()}`
      await rawAppend(writer.pool, { schema: follower.schema, stream: account }) // tells nobody
      await writer.pool.query('SELECT pg_terminate_backend($1)', [before])
      const { events } = await next()
      expect(events.map(({ streamId: found }) => found)).toEqual([account])
      await listening(follower.pool, follower.name, before)
      const second = await append(writer)

      expect((await next()).through.position).toBe(second.position)
      await stop()
    },
  )

  server.test(
    'shares one listening connection with others, and gives it back',
    async () => {
      const { follower, writer } = stores()
      const subscriptions = [follow(follower), follow(follower), follow(follower)]
      await listening(follower.pool, follower.name)

      await append(writer)
      await Promise.all(subscriptions.map(({ next }) => next()))
      const listeners = await listenersOf(follower.pool, follower.name)
      for (const { stop } of subscriptions) await stop()

      expect(listeners).toHaveLength(1)
      while (follower.pool.idleCount < follower.pool.totalCount) await sleep(5)
      expect(await listenersOf(follower.pool, follower.name)).toEqual([])
    },
    TEST_MS,
  )

  server.test(
    'ends when the pool is ended, which does not wait for ever',
    async () => {
      const { follower, writer } = stores({ pollIntervalMs: 20 })
      const { next, last } = follow(follower)
      await listening(writer.pool, follower.name)
      await append(writer)
      await next()

      await follower.pool.end()

      await expect(last()).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
    },
    TEST_MS,
  )

  server.test(
    'asks from time to time when the pool has one connection only',
    async () => {
      const { follower, writer } = stores({ max: 1, pollIntervalMs: 20 })
      const { next, stop } = follow(follower)

      const { position } = await append(writer)

      expect((await next()).through.position).toBe(position)
      expect(await listenersOf(writer.pool, follower.name)).toEqual([])
      await stop()
    },
    TEST_MS,
  )
})

interface NamedStore {
  readonly store: EventStore
  readonly pool: pg.Pool
  readonly schema: string
  /** Of the application, as the server knows it. */
  readonly name: string
}

/** Two processes on one log, as far as the server can tell. */
function stores({
  max = 5,
  pollIntervalMs = NEVER_MS,
}: { readonly max?: number; readonly pollIntervalMs?: number } = {}): {
  follower: NamedStore
  writer: NamedStore
} {
  const schema = server.anySchema()
  const open = (poolSize: number): NamedStore => {
    const name = `everfold_${randomUUID()}`
    const pool = server.pool({ max: poolSize, application_name: name })
    const database = postgres(pool)
    const store = postgresEventStore({
      database,
      schema,
      catalogs: [accountEvents],
      pollIntervalMs,
    })
    return { store, pool, schema, name }
  }
  return { follower: open(max), writer: open(5) }
}

const append = ({ store }: NamedStore): Promise<AppendResult> =>
  store.append(streamId('account', randomUUID()), [accountEvents.MoneyDeposited({ cents: 1 })], {
    expectedVersion: 'no-stream',
  })

function follow({ store }: NamedStore): {
  next: () => Promise<LogPage>
  last: () => Promise<unknown>
  stop: () => Promise<void>
} {
  const stopped = new AbortController()
  followers.add(stopped)
  const pages = store.subscribe({ signal: stopped.signal })[Symbol.asyncIterator]()
  let coming = pages.next()
  coming.catch(() => undefined) // ends with the reason of the signal
  return {
    next: async () => {
      const { value } = (await coming) as { value: LogPage }
      coming = pages.next()
      coming.catch(() => undefined)
      return value
    },
    last: () => coming,
    stop: async () => {
      stopped.abort()
      await coming.catch(() => undefined)
    },
  }
}

/** Waits until a connection other than `before` listens; gives its process id. */
async function listening(pool: pg.Pool, name: string, before?: number): Promise<number> {
  for (;;) {
    const pid = (await listenersOf(pool, name)).find((found) => found !== before)
    if (pid !== undefined) return pid
    await sleep(5)
  }
}

async function listenersOf(pool: pg.Pool, name: string): Promise<readonly number[]> {
  const { rows } = await pool.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND query = 'LISTEN everfold' AND state = 'idle'",
    [name],
  )
  return rows.map(({ pid }) => pid)
}
