import { setTimeout as sleep } from 'node:timers/promises'
import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import type pg from 'pg'
import type { PostgresEventStore } from '../../src/adapters/postgres/index.ts'
import { streamId, type DomainEvent } from '../../src/index.ts'
import { describeOnServer, PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { deposits, outOfOrder, readLog } from './attempt.ts'
import { isFullSize } from './full-size.ts'
import { openStore } from './open-store.ts'

const HOLD_MS = isFullSize ? 10_000 : 2000
/** Many times the 200 ms that a call waits for a stream, as the machine has other things to do. */
const SHORT_MS = 1500

const server = new PostgresServer()

jest.afterAll(() => server.close())

describeOnServer('a transaction that holds streams', () => {
  let pool: pg.Pool
  let store: PostgresEventStore

  jest.beforeEach(async () => {
    pool = server.pool()
    store = openStore(pool, server.anySchema())
    await store.head()
  })

  const append = (
    stream: string,
    events: readonly DomainEvent[] = deposits(1).events,
  ): Promise<unknown> =>
    store.append(streamId('account', stream), events, { expectedVersion: 'any' })

  const appendWithin = (client: pg.ClientBase, stream: string): Promise<unknown> =>
    store
      .within(client)
      .append(streamId('account', stream), deposits(1).events, { expectedVersion: 'any' })

  server.test(
    'gets on when it awaits appends of the same store to another stream, and those to its own keep their order',
    async () => {
      const client = await pool.connect()
      await client.query('BEGIN')
      await appendWithin(client, 'held')
      const behind = Array.from({ length: 10 }, () => deposits(2))
      const waiting = behind.map(({ events }) => append('held', events))

      const longestMs = await longestOf(1, HOLD_MS, () => append('other'))
      await client.query('COMMIT')
      client.release()
      await Promise.all(waiting)
      const log = await readLog(store)
      const [, ...held] = log.filter((event) => event.streamId === 'account-held')

      expect(longestMs).toBeLessThan(SHORT_MS)
      expect(held.map(({ id }) => id)).toEqual(behind.flatMap(({ ids }) => ids))
      expect(outOfOrder(log)).toEqual([])
    },
    60_000,
  )

  server.test(
    'never holds up appends to others for long, although more and more wait for its own',
    async () => {
      const held = Array.from({ length: 60 }, (_, index) => `held-${index}`)
      const client = await pool.connect()
      await client.query('BEGIN')
      for (const stream of held) await appendWithin(client, stream)

      const behind: Promise<unknown>[] = []
      const arriving = (async () => {
        for (const stream of held) {
          behind.push(append(stream))
          await sleep(HOLD_MS / held.length)
        }
      })()
      const longestMs = await longestOf(8, HOLD_MS, (index) => append(`other-${index}`))
      await arriving
      await client.query('ROLLBACK')
      client.release()
      await Promise.all(behind)
      const log = await readLog(store)

      expect(longestMs).toBeLessThan(SHORT_MS)
      expect(log.filter((event) => held.includes(event.streamId.slice(8)))).toHaveLength(60)
      expect(outOfOrder(log)).toEqual([])
    },
    60_000,
  )
})

/** Does work again and again, some at once, and gives how long the slowest took. */
async function longestOf(
  atOnce: number,
  durationMs: number,
  work: (index: number) => Promise<unknown>,
): Promise<number> {
  const end = performance.now() + durationMs
  let longestMs = 0
  const repeat = async (_: unknown, index: number): Promise<void> => {
    while (performance.now() < end) {
      const start = performance.now()
      await work(index)
      longestMs = Math.max(longestMs, performance.now() - start)
      await sleep(5)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, repeat))
  return longestMs
}
