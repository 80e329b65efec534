import { isDeepStrictEqual } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import type pg from 'pg'
import type { BuildsRecord, ProjectionRunner } from '../../src/index.ts'
import { PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { PrivateCluster } from '../adapters/redis/private-cluster.ts'
import { skippedPrivately } from '../adapters/redis/private-redis.ts'
import { eventually } from './eventually.ts'
import { isFullSize } from './full-size.ts'
import { NAME, NOTHING_WRONG, ProjectionPlace, type PlaceSettings } from './projection-place.ts'
import { ProjectionProcess } from './projection-process.ts'
import { ProjectionTraffic } from './projection-traffic.ts'
import type { Death, Operation } from './projection-worker.ts'
import { seededRandom, seeds, type SeededRandom } from './seeded-random.ts'
import { describeOnSinks, skippedOn } from './sinks/describe-on-sinks.ts'
import type { FaultSink } from './sinks/fault-sink.ts'
import { redisSink } from './sinks/redis-sink.ts'

jest.setTimeout(120_000)

const LEASE_MS = 300
const OPERATIONS: readonly Operation[] = [
  'follow',
  'rebuild',
  'rollback',
  'prune',
  'verify',
  'stop',
]
const LAST_OPERATIONS: readonly (readonly Operation[])[] = [
  ['follow'],
  ['stop'],
  ['rebuild'],
  ['stop', 'rebuild'],
  ['rebuild', 'rollback'],
  ['rebuild', 'prune'],
]

/** How long a process may live: it dies much earlier, unless something waits for ever. */
const LONGEST_LIFE_MS = 40_000

describeOnSinks('killed processes that run a projection', (sink) => {
  leaveNothingWrong({ sink, count: isFullSize ? 200 : 20 })
})

const skippedOnCluster = skippedOn(redisSink) ?? skippedPrivately
const reason = skippedOnCluster === undefined ? '' : ` (skipped: ${skippedOnCluster})`
const describeOnCluster = skippedOnCluster === undefined ? describe : describe.skip

describeOnCluster(
  `killed processes that run a projection into a cluster of three Redis masters${reason}`,
  () => {
    let cluster: PrivateCluster

    beforeAll(async () => {
      cluster = await PrivateCluster.start()
    })
    afterAll(() => cluster[Symbol.asyncDispose]())

    leaveNothingWrong({
      sink: redisSink,
      sinkUrl: () => cluster.masters[0]?.url,
      count: isFullSize ? 200 : 6,
    })
  },
)

interface Killed {
  readonly sink: FaultSink
  readonly sinkUrl?: () => string | undefined
  /** Seeds. */
  readonly count: number
}

function leaveNothingWrong({ sink, sinkUrl, count }: Killed): void {
  const server = new PostgresServer()
  const processes: ProjectionProcess[] = []
  let pool: pg.Pool
  /** Forked ahead: to start takes longer than to die. */
  let spare: Promise<ProjectionProcess>

  beforeAll(() => {
    pool = server.pool()
    spare = ProjectionProcess.fork()
  })
  afterEach(() => Promise.all(processes.splice(0).map((process) => process.kill())))
  afterAll(async () => {
    await (await spare).kill()
    await server.close()
  })

  /** Lets a process do what a runner can, until it dies. @returns how it died. */
  const live = async (place: ProjectionPlace, random: SeededRandom): Promise<string> => {
    const operations = anyOperations(random)
    const death = anyDeath(random, sink)
    const next = spare
    spare = ProjectionProcess.fork()
    const process = await next
    processes.push(process)
    await process.open({ ...place.settings, pageSize: anyPageSize(random) })
    process.operate({ operations, death })
    await process.ends(LONGEST_LIFE_MS)
    return `${operations.join(', ')}: ${death.moment} request ${death.request}, or ${death.ofDocuments} of documents`
  }

  test.each(seeds(count))('leave nothing wrong, seed %i', async (seed) => {
    const random = seededRandom(seed)
    await using place = await ProjectionPlace.make(server, pool, {
      ...{ sink, sinkUrl: sinkUrl?.() },
      ...anySettings(random),
    })
    await place.appendMany(40, random)
    await using traffic = new ProjectionTraffic(place, { seed, appends: 80, pauseMs: 20 })

    const atOnce = Array.from({ length: random.pick([1, 1, 2]) })
    const deaths = await Promise.all(atOnce.map(() => live(place, random)))
    await using heir = place.runner()
    await heir.start()
    const completed = await perhapsComplete(heir, random)
    const wentBack = await traffic.end()
    await eventually(async () => isDeepStrictEqual(await place.wrongs(), NOTHING_WRONG))

    const [verified] = await heir.verify(NAME)
    expect({ deaths, wentBack, ...(await place.wrongs()) }).toEqual({
      ...{ deaths, wentBack: [] },
      ...NOTHING_WRONG,
    })
    expect({ deaths, verified }).toMatchObject({ deaths, verified: { isIdentical: true } })
    expect({ deaths, ...(await place.builds()) }).toMatchObject({ deaths, ...completed })
  })
}

function anySettings(random: SeededRandom): Omit<PlaceSettings, 'sink'> {
  return { lanes: 1 + random.below(3), leaseMs: LEASE_MS, pageSize: anyPageSize(random) }
}

/** Who goes on cuts the log into other pages than who died: what was folded before, and is folded again, shows. */
const anyPageSize = (random: SeededRandom): number => 2 + random.below(random.pick([10, 80]))

/** Sometimes finishes what those who died began. @returns what the builds record shows then. */
async function perhapsComplete(
  heir: ProjectionRunner,
  random: SeededRandom,
): Promise<Partial<BuildsRecord>> {
  if (random.chance(0.5)) return {}
  await heir.rebuild(NAME)
  await heir.prune(NAME)
  return { building: undefined, previous: undefined }
}

/** The last one is that in which it dies. */
function anyOperations(random: SeededRandom): readonly Operation[] {
  const before = Array.from({ length: random.below(3) }, () => random.pick(OPERATIONS))
  const last = random.pick(LAST_OPERATIONS)
  return ['follow', ...before, ...last]
}

function anyDeath(random: SeededRandom, { isDivided }: FaultSink): Death {
  const request = 1 + random.below(random.pick([15, 60, 300]))
  const moment = random.pick(['before', 'after', random.below(5)] as const)
  const isBetween = isDivided && random.chance(0.6) // documents and their lane
  return isBetween
    ? { request: request + 100, moment: 'answered', ofDocuments: 1 + random.below(5) }
    : { request, moment, ofDocuments: undefined }
}
