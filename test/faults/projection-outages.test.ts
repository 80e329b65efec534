import { setTimeout as sleep } from 'node:timers/promises'
import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import type pg from 'pg'
import { project, ProjectionRunner, type ProjectionStatus } from '../../src/index.ts'
import { describeOnServer, PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { silent } from '../projections/runner-fixture.ts'
import { eventually } from './eventually.ts'
import { isFullSize } from './full-size.ts'
import { openStore } from './open-store.ts'
import { describeWithPrivateServer, PrivateServer } from './private-server.ts'
import { ReplyThief } from './projection-reply-thief.ts'
import { keepAppending, openTrails, trails, wrongTrails } from './projection-trails.ts'
import { seededRandom, seeds, type SeededRandom } from './seeded-random.ts'
import { TcpProxy } from './tcp-proxy.ts'

/** How long a projection is kept from its database, again and again. */
const DURATION_MS = isFullSize ? 60_000 : 4000
/** Many samples of the status long, and shorter than the lease. A lane survives a single reset without being tried again: it finds its write done. */
const OUTAGE_MS = 600
const CRASHES = isFullSize ? 12 : 2

const server = new PostgresServer()
jest.afterAll(() => server.close())

describeWithPrivateServer('a projection whose database crashes', () => {
  for (const seed of seeds(1))
    jest.test(
      `goes on by itself when it is back, seed ${seed}`,
      async () => {
        await using crashing = await PrivateServer.start()
        const random = seededRandom(seed)
        const pools = { writers: crashing.pool(), runner: crashing.pool() }

        const { states, wrong, atEnd } = await disturbed(pools, seed, async () => {
          for (let left = CRASHES; left > 0; left--) {
            await sleep(500 + random.below(1500))
            await crashing.crash()
            await sleep(random.below(1000))
            await crashing.restart()
          }
        })

        expect(wrong).toEqual([])
        expect(states).toContain('retrying')
        expect(states).not.toContain('failed')
        expect(atEnd).toMatchObject({ ...recovered, warnings: [] })
      },
      240_000,
    )
})

describeOnServer('a projection that loses connections', () => {
  for (const seed of seeds(1)) {
    server.test(
      `goes on by itself when the network resets them, seed ${seed}`,
      async () => {
        await using proxy = await TcpProxy.listen(server.url)
        const pools = {
          writers: server.pool(),
          runner: server.pool({ connectionString: proxy.url }),
        }

        const { states, wrong, atEnd } = await disturbed(pools, seed, async (random, signal) => {
          await proxy.downFor(OUTAGE_MS)
          await again(signal, async () => {
            await sleep(random.below(300))
            proxy.cut(random, 0.4)
          })
        })

        expect(wrong).toEqual([])
        expect(states).toContain('retrying')
        expect(states).not.toContain('failed')
        expect(atEnd).toMatchObject(recovered)
      },
      240_000,
    )

    server.test(
      `is built anew and switched by itself meanwhile, seed ${seed}`,
      async () => {
        await using proxy = await TcpProxy.listen(server.url)
        const pools = {
          writers: server.pool(),
          runner: server.pool({ connectionString: proxy.url }),
        }

        const { states, wrong, atEnd } = await disturbed(
          pools,
          seed,
          (random, signal) =>
            again(signal, async () => {
              await sleep(random.below(600))
              proxy.cut(random, 0.2)
            }),
          2,
        )

        expect(wrong).toEqual([])
        expect(states).not.toContain('failed')
        expect(atEnd).toMatchObject({ build: { version: 2 }, positionsBehind: 0n })
      },
      240_000,
    )

    server.test(
      `counts what was committed though its reply was lost, seed ${seed}`,
      async () => {
        await using thief = await ReplyThief.listen(server.url)
        const pools = {
          writers: server.pool(),
          runner: server.pool({ connectionString: thief.url }),
        }

        const { states, wrong, atEnd } = await disturbed(pools, seed, (random, signal) =>
          again(signal, async () => {
            await sleep(random.below(100))
            thief.steal()
          }),
        )

        expect(thief.stolen).toBeGreaterThan(20)
        expect(wrong).toEqual([])
        expect(states).not.toContain('failed')
        expect(atEnd).toMatchObject({ state: 'running', positionsBehind: 0n })
      },
      240_000,
    )
  }
})

/** What `status()` tells afterwards. */
const recovered = {
  ...{ state: 'running', positionsBehind: 0n },
  lastError: { code: 'DATABASE_UNAVAILABLE', retryable: true },
}

async function again(signal: AbortSignal, step: () => Promise<void>): Promise<void> {
  while (!signal.aborted) await step()
}

/** A runner follows a constant load while its database is disturbed, perhaps with code of a higher version; then it has time to get over it. */
async function disturbed(
  pools: { readonly writers: pg.Pool; readonly runner: pg.Pool },
  seed: number,
  disturb: (random: SeededRandom, signal: AbortSignal) => Promise<void>,
  version = 1,
): Promise<{
  readonly states: readonly string[]
  readonly wrong: readonly string[]
  readonly atEnd: ProjectionStatus | undefined
}> {
  const random = seededRandom(seed)
  const schema = server.anySchema()
  await pools.writers.query(`CREATE SCHEMA ${schema}`)
  const writing = openStore(pools.writers, schema)
  const model = openTrails(pools.runner, schema)
  const runnerOf = (code: typeof trails): ProjectionRunner =>
    new ProjectionRunner({
      store: openStore(pools.runner, schema),
      projections: [project(code).into(model, { lanes: 4 })],
      logger: silent,
      leaseMs: 1000,
    })
  await runnerOf(trails).runUntilCaughtUp()
  const runner = runnerOf({ ...trails, version })
  await runner.start()
  const over = new AbortController()
  const rested = new AbortController()
  const appending = keepAppending(writing, random, {
    ...{ accounts: 30, eventsPerSecond: 200 },
    signal: over.signal,
  })
  const states = new Set<string>()
  const watching = again(rested.signal, async () => {
    for (const { state } of await runner.status()) states.add(state)
    await sleep(10)
  })
  const timer = setTimeout(() => {
    over.abort()
  }, DURATION_MS)
  await disturb(random, over.signal)
  clearTimeout(timer)
  over.abort()
  await appending
  const reading = openTrails(pools.writers, schema)
  await eventually(async () => (await reading.storage.readBuilds())?.live.version === version)
  const wrong = await wrongTrails(reading, writing)
  const statusNow = async (): Promise<ProjectionStatus | undefined> => (await runner.status())[0]
  await eventually(async () => (await statusNow())?.state === 'running')
  const atEnd = await statusNow()
  rested.abort()
  await watching
  await runner.stop()
  return { states: [...states], wrong, atEnd }
}
