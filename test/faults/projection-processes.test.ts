import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals'
import type pg from 'pg'
import { PostgresServer } from '../adapters/postgres/postgres-server.ts'
import { eventually } from './eventually.ts'
import { isFullSize } from './full-size.ts'
import { NAME, NOTHING_WRONG, ProjectionPlace } from './projection-place.ts'
import { ProjectionProcess } from './projection-process.ts'
import { ProjectionTraffic } from './projection-traffic.ts'
import type { WorkerSettings } from './projection-worker.ts'
import { RequestHold } from './request-hold.ts'
import { seededRandom, seeds } from './seeded-random.ts'
import { describeOnSinks, urlOf } from './sinks/describe-on-sinks.ts'

jest.setTimeout(120_000)

describeOnSinks('processes that run a projection', (sink) => {
  const server = new PostgresServer()
  const processes: ProjectionProcess[] = []
  let pool: pg.Pool

  beforeAll(() => {
    pool = server.pool()
  })
  afterEach(() => Promise.all(processes.splice(0).map((process) => process.kill())))
  afterAll(() => server.close())

  const start = async (count: number, settings: WorkerSettings) => {
    const started = await Promise.all(Array.from({ length: count }, () => ProjectionProcess.fork()))
    processes.push(...started)
    for (const process of started) await process.open(settings)
    await Promise.all(started.map((process) => process.start()))
    return started as [ProjectionProcess, ProjectionProcess, ProjectionProcess]
  }

  test('share the lanes evenly, whoever comes, stops or is killed', async () => {
    const leaseMs = 3000
    await using place = await ProjectionPlace.make(server, pool, {
      sink,
      lanes: 8,
      leaseMs,
      pageSize: 50,
    })
    await place.appendMany(40, seededRandom(1))
    await using traffic = new ProjectionTraffic(place, { seed: 1, appends: 1000, pauseMs: 50 })

    const [first, second] = await start(2, place.settings)
    const two = await timeUntilShared(place, { among: [first, second], shares: [4, 4] })
    const [third] = await start(1, place.settings)
    const three = await timeUntilShared(place, { among: [first, second, third], shares: [2, 3, 3] })
    await first.stop()
    const stopped = await timeUntilShared(place, { among: [second, third], shares: [4, 4] })
    await second.kill()
    const killed = await timeUntilShared(place, { among: [third], shares: [8] })
    const wentBack = await traffic.end()
    await eventually(async () => (await place.wrongs()).behind === 0)

    expect(Math.max(two, three, killed)).toBeLessThan(3 * leaseMs)
    expect(stopped).toBeLessThan(leaseMs) // nobody outwaits the lease of one that has stopped
    expect(wentBack).toEqual([])
    expect(await place.wrongs()).toEqual(NOTHING_WRONG)
    expect(await place.runner().verify(NAME)).toMatchObject([{ isIdentical: true }])
    expect([first, second, third].map(({ failure }) => failure)).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test.each(seeds(isFullSize ? 10 : 1))(
    'write nothing to lanes that they lost while they were halted, seed %i',
    async (seed) => {
      const random = seededRandom(seed)
      const leaseMs = 600
      await using place = await ProjectionPlace.make(server, pool, {
        sink,
        lanes: 4,
        leaseMs,
        pageSize: 5,
      })
      await place.appendMany(40, random)
      await using traffic = new ProjectionTraffic(place, { seed, appends: 2000, pauseMs: 20 })
      const [halted, other] = await start(2, place.settings)
      await timeUntilShared(place, { among: [halted, other], shares: [2, 2] })

      await sleep(random.below(leaseMs))
      halted.halt()
      await timeUntilShared(place, { among: [other], shares: [4] })
      halted.goOn()
      await eventually(() => halted.lost.length === 2)
      await timeUntilShared(place, { among: [halted, other], shares: [2, 2] })
      const wentBack = await traffic.end()
      await eventually(async () => (await place.wrongs()).behind === 0)

      expect(halted.lost).toHaveLength(2)
      expect(other.lost).toEqual([])
      expect((await place.shares(halted, other)).theirs).toEqual([2, 2])
      expect(wentBack).toEqual([])
      expect(await place.wrongs()).toEqual(NOTHING_WRONG)
      expect([halted.failure, other.failure]).toEqual([undefined, undefined])
    },
  )

  if (sink.isDivided)
    test('count nothing twice when one of them dies between documents and their lane', async () => {
      const random = seededRandom(1)
      await using place = await ProjectionPlace.make(server, pool, {
        sink,
        lanes: 1,
        leaseMs: 1000,
        pageSize: 1000,
      })
      await place.appendMany(100, random) // to every account
      const dying = await ProjectionProcess.fork()
      processes.push(dying)
      await dying.open({ ...place.settings, pageSize: 10 })
      const death = { request: 10_000, moment: 'answered', ofDocuments: 3 } as const
      dying.operate({ operations: ['follow'], death })
      await dying.ends(40_000)
      const written = [...(await place.positionsInModel()).values()]
      const [lane] = await place.lanes()
      const inLane = lane?.checkpoint?.position ?? 0n

      await using heir = place.runner() // folds what the other one wrote without its lane, and more, as one page
      await heir.start()
      await eventually(async () => isDeepStrictEqual(await place.wrongs(), NOTHING_WRONG))

      expect(inLane).toBeGreaterThan(0n) // a lane from its first event on loads no documents
      expect(written.some((position) => position > inLane)).toBe(true)
      expect(await place.wrongs()).toEqual(NOTHING_WRONG)
    })

  test('change nothing by a write of a lane that arrives when another one has moved it on', async () => {
    const random = seededRandom(1)
    await using place = await ProjectionPlace.make(server, pool, {
      sink,
      lanes: 1,
      leaseMs: 1000,
      pageSize: 50,
    })
    await using network = await RequestHold.listen(urlOf(sink))
    const [halted] = await start(1, {
      ...place.settings,
      sink: { name: sink.name, url: network.url },
    })
    await timeUntilShared(place, { among: [halted], shares: [1] })

    const held = network.hold([halted.runner, sink.inLaneWrite])
    await place.append(random)
    await held
    halted.halt()
    await place.appendMany(10, random)
    const [other] = await start(1, place.settings)
    await timeUntilShared(place, { among: [halted, other], shares: [0, 1] })
    await eventually(async () => (await place.wrongs()).behind === 0)
    await other.stop() // nobody but the late one writes now
    const moved = await place.lanes()
    await network.letGo()

    expect(await place.lanes()).toEqual(moved)
    expect(await place.wrongs()).toEqual(NOTHING_WRONG)
    halted.goOn()
    await place.append(random)
    await eventually(async () => (await place.wrongs()).behind === 0)
    expect(await place.wrongs()).toEqual(NOTHING_WRONG)
    expect([halted.lost, other.lost]).toEqual([[0], []])
    expect([halted.failure, other.failure]).toEqual([undefined, undefined])
  })
})

/** Resolves when processes have so many lanes, smallest shares first, and nobody else has any. @returns how long it took, in milliseconds. */
async function timeUntilShared(
  place: ProjectionPlace,
  {
    among,
    shares,
  }: { readonly among: readonly ProjectionProcess[]; readonly shares: readonly number[] },
): Promise<number> {
  const begun = performance.now()
  let found: readonly number[] = []
  await eventually(async () => {
    const { theirs, others } = await place.shares(...among)
    found = theirs.toSorted()
    return others === 0 && found.join() === shares.join()
  })
  expect(found).toEqual(shares)
  return performance.now() - begun
}
