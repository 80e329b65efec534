import { setTimeout as sleep } from 'node:timers/promises'
import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import type pg from 'pg'
import { postgres, postgresEventStore } from '../../src/adapters/postgres/index.ts'
import { streamId, type EventStore, type ExpectedVersion } from '../../src/index.ts'
import { describeOnServer, PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { accountEvents } from '../domain/account.ts'
import { deposits, outOfOrder, readLog, torn } from './attempt.ts'
import { follow } from './follow.ts'
import { openStore } from './open-store.ts'
import { TcpProxy } from './tcp-proxy.ts'

const QUERY_TIMEOUT_MS = 500
const APPEND_DEADLINE_MS = 2000
/** What a machine with other things to do may need to notice that a time is over. */
const GRACE_MS = 2000

/** A test of which nothing is answered need not take longer. */
const TEST_MS = 15_000

const server = new PostgresServer()

jest.afterAll(() => server.close())

describeOnServer('a network that forwards nothing more and tells nobody', () => {
  let proxy: TcpProxy
  let schema: string
  let others: pg.Pool
  let direct: EventStore
  let store: EventStore

  jest.beforeEach(async () => {
    proxy = await TcpProxy.listen(server.url)
    schema = server.anySchema()
    others = server.pool()
    direct = openStore(others, schema)
    const pool = server.pool({ connectionString: proxy.url, max: 4 })
    store = postgresEventStore({
      database: postgres(pool, { queryTimeoutMs: QUERY_TIMEOUT_MS }),
      catalogs: [accountEvents],
      schema,
      pollIntervalMs: 20,
      appendDeadlineMs: APPEND_DEADLINE_MS,
    })
    await append('first', 'any')
  })

  jest.afterEach(() => proxy[Symbol.asyncDispose]())

  const append = (stream: string, expectedVersion: ExpectedVersion): Promise<unknown> =>
    store.append(streamId('account', stream), deposits(2).events, { expectedVersion })

  /** Keeps appends under way, so that their replies can be lost. */
  async function lockLog() {
    const client = await others.connect()
    await client.query(`BEGIN; LOCK TABLE ${schema}.events IN SHARE MODE`)
    const release = async (): Promise<void> => {
      await client.query('COMMIT')
      client.release()
    }
    return { release }
  }

  async function someoneWaits(): Promise<void> {
    const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = '${schema}.events'::regclass`
    while ((await others.query(waiting)).rowCount === 0) await sleep(5)
  }

  server.test(
    'leaves no append without an answer after its deadline',
    async () => {
      const { release } = await lockLog()
      const start = performance.now()
      const appends = [append('1', 'no-stream'), append('2', 'any')]
      await someoneWaits()

      proxy.silence({ andNew: true })
      await release()
      appends.push(append('3', 0), append('4', 'any'))
      const outcomes = await Promise.allSettled(appends)
      const tookMs = performance.now() - start
      proxy.resume()

      const unknown = { status: 'rejected', reason: { code: 'OUTCOME_UNKNOWN' } }
      // On a connection that went silent while it was idle, or on none.
      const code = expect.stringMatching(/^(OUTCOME_UNKNOWN|DATABASE_UNAVAILABLE)$/)
      const unanswered = { status: 'rejected', reason: { code } }
      expect(outcomes).toMatchObject([unknown, unknown, unanswered, unanswered])
      expect(tookMs).toBeLessThan(APPEND_DEADLINE_MS + QUERY_TIMEOUT_MS + GRACE_MS)
    },
    TEST_MS,
  )

  server.test(
    'lets an append whose expectation makes it safe go through on another connection',
    async () => {
      const { release } = await lockLog()
      const blind = append('1', 'any')
      const checked = append('2', 'no-stream')
      await someoneWaits()

      proxy.silence({ andNew: false })
      await release()
      const outcomes = await Promise.allSettled([blind, checked])
      const log = await readLog(direct)

      expect(outcomes).toMatchObject([
        { status: 'rejected', reason: { code: 'OUTCOME_UNKNOWN' } },
        { status: 'fulfilled', value: { version: 2 } },
      ])
      expect(log.filter((event) => event.streamId === 'account-2')).toHaveLength(2)
      expect(torn(log)).toEqual([])
    },
    TEST_MS,
  )

  server.test(
    'does not keep a follower from what was appended, once another connection is there',
    async () => {
      const stopped = new AbortController()
      const follower = follow(store, { signal: stopped.signal })
      await follower.seesAsMany(2)

      proxy.silence({ andNew: true })
      await direct.append(streamId('account', '1'), deposits(2).events, { expectedVersion: 'any' })
      await sleep(3 * QUERY_TIMEOUT_MS)
      const seenMeanwhile = follower.seen.length
      proxy.silence({ andNew: false })
      await follower.seesAsMany(4)
      stopped.abort()

      expect(seenMeanwhile).toBe(2)
      expect(follower.failure()).toBeUndefined()
      expect(follower.seen).toHaveLength(4)
      expect(outOfOrder(follower.seen)).toEqual([])
    },
    TEST_MS,
  )
})
