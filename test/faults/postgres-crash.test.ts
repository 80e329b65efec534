import { setTimeout as sleep } from 'node:timers/promises'
import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import { streamId } from '../../src/index.ts'
import { deposits, givenUp, outOfOrder, readLog, torn, wronglyTold } from './attempt.ts'
import { eventually } from './eventually.ts'
import { follow } from './follow.ts'
import { isFullSize } from './full-size.ts'
import { openStore } from './open-store.ts'
import { describeWithPrivateServer, PrivateServer } from './private-server.ts'
import { seededRandom, seeds } from './seeded-random.ts'
import { WriterProcesses } from './writer-processes.ts'

const CRASHES = isFullSize ? 5 : 2
/** Of the writers, should nobody end them. */
const LIMIT_MS = 170_000
const SCHEMA = 'everfold'

describeWithPrivateServer('a server that crashes', () => {
  let server: PrivateServer

  jest.beforeEach(async () => {
    server = await PrivateServer.start()
  }, 60_000)

  jest.afterEach(() => server[Symbol.asyncDispose]())

  jest.test(
    'leaves no checkpoint where positions are handed out again',
    async () => {
      const pool = server.pool()
      const store = openStore(pool, SCHEMA)
      const append = (stream: string) =>
        store.append(streamId('account', stream), deposits(1).events, {
          expectedVersion: 'no-stream',
        })
      for (const stream of ['1', '2', '3', '4', '5']) await append(stream)
      const stopped = new AbortController()
      const follower = follow(store, { signal: stopped.signal })
      await follower.seesAsMany(5)

      await server.pauseWalWriter()
      const client = await pool.connect()
      await client.query('BEGIN')
      await store
        .within(client)
        .append(streamId('account', 'undone'), deposits(40).events, { expectedVersion: 'any' })
      await client.query('ROLLBACK')
      client.release()
      await sleep(200) // the follower asks every 5 ms
      await server.crash()
      await server.restart()
      const after = Array.from({ length: 45 }, (_, index) => String(100 + index))
      for (const stream of after) await append(stream)
      const log = await readLog(store)
      await follower.seesAsMany(log.length)
      stopped.abort()

      expect(log).toHaveLength(50)
      expect(log[5]?.position).toBeLessThanOrEqual(45)
      expect(follower.failure()).toBeUndefined()
      expect(follower.seen).toEqual(log)
      const places = new Set(log.map(({ position, id }) => `${position} ${id}`))
      const nowhere = follower.checkpoints.filter(
        ({ position, eventId }) => !places.has(`${position} ${eventId}`),
      )
      expect(nowhere).toEqual([])
    },
    60_000,
  )

  for (const seed of seeds(1))
    jest.test(
      `holds every append as its writer was told, seed ${seed}`,
      async () => {
        const random = seededRandom(seed)
        const store = openStore(server.pool(), SCHEMA)
        await using processes = await WriterProcesses.start(2, {
          url: server.url,
          schema: SCHEMA,
          connections: 8,
        })
        const stopped = new AbortController()
        const follower = follow(store, { signal: stopped.signal })

        const ended = new AbortController()
        const writing = processes.run(
          { kind: 'append', writers: 16, seed, durationMs: LIMIT_MS, pauseMs: 0 },
          { signal: ended.signal },
        )
        writing.catch(() => undefined) // awaited below
        const doneSince = (sinceMs: number) =>
          processes.attempts.filter(
            ({ outcome, startedAtMs }) => outcome === 'done' && startedAtMs >= sinceMs,
          ).length
        const done: number[] = []
        const writeForAWhile = async (): Promise<void> => {
          const sinceMs = Date.now()
          await eventually(() => doneSince(sinceMs) > 0)
          await sleep(200 + random.below(1000))
          done.push(doneSince(sinceMs))
        }
        await writeForAWhile()
        for (let crashes = 0; crashes < CRASHES; crashes++) {
          await server.crash()
          await server.restart()
          await writeForAWhile()
        }
        ended.abort()
        await writing
        const log = await readLog(store)
        await follower.seesAsMany(log.length)
        stopped.abort()

        expect(Math.min(...done)).toBeGreaterThan(0) // before each crash, and after the last
        expect(wronglyTold(processes.attempts, log)).toEqual([])
        expect(givenUp(processes.attempts)).toEqual([])
        expect(torn(log)).toEqual([])
        expect(outOfOrder(log)).toEqual([])
        expect(follower.failure()).toBeUndefined()
        expect(follower.seen.map(({ id }) => id)).toEqual(log.map(({ id }) => id))
      },
      180_000,
    )
})
