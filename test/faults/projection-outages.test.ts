import { setTimeout as sleep } from 'node:timers/promises'
import * as jest from '@jest/globals'
import { expect } from '@jest/globals'
import type pg from 'pg'
import { project, ProjectionRunner, type ProjectionStatus } from '../../src/index.ts'
import { PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { silent } from '../projections/runner-fixture.ts'
import { eventually } from './eventually.ts'
import { isFullSize } from './full-size.ts'
import { openStore } from './open-store.ts'
import { ReplyThief } from './projection-reply-thief.ts'
import { keepAppending, trails, wrongTrails } from './projection-trails.ts'
import { seededRandom, seeds, type SeededRandom } from './seeded-random.ts'
import { describeOnPrivateSinks, describeOnSinks, urlOf } from './sinks/describe-on-sinks.ts'
import type { FaultSink } from './sinks/fault-sink.ts'
import { PRIVATE_SINKS } from './sinks/private-sinks.ts'
import { TcpProxy } from './tcp-proxy.ts'

/** How long a projection is kept from its database, again and again. */
const DURATION_MS = isFullSize ? 60_000 : 4000
/** Many samples of the status long, and shorter than the lease. A lane survives a single reset without being tried again: it finds its write done. */
const OUTAGE_MS = 600
const CRASHES = isFullSize ? 12 : 2

const server = new PostgresServer()
jest.afterAll(() => server.close())

describeOnPrivateSinks('a projection whose sink crashes', (sink) => {
  for (const seed of seeds(1))
    jest.test(
      `goes on by itself when it is back, seed ${seed}`,
      async () => {
        await using crashing = await PRIVATE_SINKS[sink.name].start()
        const random = seededRandom(seed)
        const { url } = crashing
        const place = { sink, urls: { readers: url, runner: url } }

        const { states, wrong, atEnd } = await disturbed(place, seed, async () => {
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
        expect(atEnd).toMatchObject({ ...recovered(sink), warnings: [] })
      },
      480_000,
    )
})

describeOnSinks('a projection that loses connections', (sink) => {
  for (const seed of seeds(1)) {
    server.test(
      `goes on by itself when the network resets them, seed ${seed}`,
      async () => {
        await using proxy = await TcpProxy.listen(urlOf(sink))
        const place = { sink, urls: { readers: urlOf(sink), runner: proxy.url } }

        const { states, wrong, atEnd } = await disturbed(place, seed, async (random, signal) => {
          await proxy.downFor(OUTAGE_MS)
          await again(signal, async () => {
            await sleep(random.below(300))
            proxy.cut(random, 0.4)
          })
        })

        expect(wrong).toEqual([])
        expect(states).toContain('retrying')
        expect(states).not.toContain('failed')
        expect(atEnd).toMatchObject(recovered(sink))
      },
      240_000,
    )

    server.test(
      `is built anew and switched by itself meanwhile, seed ${seed}`,
      async () => {
        await using proxy = await TcpProxy.listen(urlOf(sink))
        const place = { sink, urls: { readers: urlOf(sink), runner: proxy.url } }

        const { states, wrong, atEnd } = await disturbed(
          place,
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
        await using thief = await ReplyThief.listen(urlOf(sink))
        const place = { sink, urls: { readers: urlOf(sink), runner: thief.url } }

        const { states, wrong, atEnd } = await disturbed(place, seed, (random, signal) =>
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
const recovered = ({ unavailable }: FaultSink) => ({
  ...{ state: 'running', positionsBehind: 0n },
  lastError: { code: unavailable, retryable: true },
})

async function again(signal: AbortSignal, step: () => Promise<void>): Promise<void> {
  while (!signal.aborted) await step()
}

interface Place {
  readonly sink: FaultSink
  /** Of the sink: the way that readers take, and that which is disturbed. */
  readonly urls: { readonly readers: string; readonly runner: string }
}

/** Where the log is: with the sink, and disturbed as it is, if its server holds both. */
function poolsOf({ sink, urls }: Place): { readonly writers: pg.Pool; readonly runner: pg.Pool } {
  if (!sink.holdsLog) return { writers: server.pool(), runner: server.pool() }
  return {
    writers: server.pool({ connectionString: urls.readers }),
    runner: server.pool({ connectionString: urls.runner }),
  }
}

/** A runner follows a constant load while its sink is disturbed, perhaps with code of a higher version; then it has time to get over it. */
async function disturbed(
  place: Place,
  seed: number,
  disturb: (random: SeededRandom, signal: AbortSignal) => Promise<void>,
  version = 1,
): Promise<{
  readonly states: readonly string[]
  readonly wrong: readonly string[]
  readonly atEnd: ProjectionStatus | undefined
}> {
  const { sink, urls } = place
  const random = seededRandom(seed)
  const namespace = server.anySchema()
  const pools = poolsOf(place)
  await pools.writers.query(`CREATE SCHEMA ${namespace}`)
  const writing = openStore(pools.writers, namespace)
  await using running = await sink.open({ url: urls.runner, namespace })
  await using reading = await sink.open({ url: urls.readers, namespace })
  const model = running.trails()
  const runnerOf = (code: typeof trails): ProjectionRunner =>
    new ProjectionRunner({
      store: openStore(pools.runner, namespace),
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
  const read = reading.trails()
  await eventually(async () => {
    const builds = await read.storage.readBuilds().catch(() => undefined) // its own connection may just come back
    return builds?.live.version === version
  })
  const wrong = await wrongTrails(read, writing)
  const statusNow = async (): Promise<ProjectionStatus | undefined> => (await runner.status())[0]
  await eventually(async () => (await statusNow())?.state === 'running')
  const atEnd = await statusNow()
  rested.abort()
  await watching
  await runner.stop()
  return { states: [...states], wrong, atEnd }
}
