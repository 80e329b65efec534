import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { GlobalPosition } from '../../../event-store/global-position.ts'
import type { Build } from '../../../projections/builds/build.ts'
import { newLaneRecord } from '../../../projections/lanes/lane-record.ts'
import { at, put } from './contract-document.ts'
import {
  anyBuild,
  recordOf,
  stepFrom,
  type ContractModel,
  type ReadModelRule,
} from './contract-model.ts'

type AddRules = (rule: ReadModelRule) => void

/** Preparing a build, and the compare-and-set of its lanes. */
export const addLaneRules: AddRules = (rule) => {
  rule(
    'prepares lanes 0 to n - 1, and a record without keys, as nobody has moved them',
    async (given) => {
      const build = await given.build({ lanes: 3 })

      const lanes = await Promise.all(
        [0, 1, 2, 3].map((lane) => given.storage.readLane(build, lane)),
      )

      assert.deepEqual(
        lanes,
        lanes.map(({ revision }) => ({ ...newLaneRecord(), revision })),
      )
      assert.equal(new Set(lanes.map(({ revision }) => revision)).size, 4)
      await assert.rejects(given.storage.readLane(build, 4), { code: 'BUILD_NOT_PREPARED' })
    },
  )

  rule('leaves lanes as they are when a build is prepared again', async (given) => {
    const first = await given.build()
    const { previous, next } = await given.step(first, { owner: 'ada', epoch: 1 })
    await given.storage.writeLane(first, { number: 0, previous, next })

    await given.storage.prepare(first)

    assert.deepEqual(await given.storage.readLane(first, 0), next)
  })

  rule('prepares a build once when several prepare it at once', async ({ storage }) => {
    const build = anyBuild()
    await storage.writeBuilds(undefined, recordOf(build))

    await Promise.all(Array.from({ length: 5 }, () => storage.prepare(build)))

    const { epoch } = await storage.readLane(build, 0)
    assert.equal(epoch, 0)
    assert.equal((await storage.readLanes(build)).length, 2)
  })

  rule('reads all records of a build by number, that without keys the last', async (given) => {
    const build = await given.build({ lanes: 12 })
    const beside = await given.buildBeside({ lanes: 2 })
    await Promise.all(
      Array.from({ length: 13 }, async (_, lane) =>
        given.storage.writeLane(build, await given.step(build, { epoch: lane }, lane)),
      ),
    )

    const lanes = await given.storage.readLanes(build)

    const single = await Promise.all(lanes.map((_, lane) => given.storage.readLane(build, lane)))
    assert.deepEqual(
      lanes.map(({ epoch }) => epoch),
      Array.from({ length: 13 }, (_, lane) => lane),
    )
    assert.deepEqual(lanes, single)
    assert.equal((await given.storage.readLanes(beside)).length, 3)
  })

  rule('reads all records of a build as they were at one moment', async (given) => {
    const build = await given.build({ lanes: 16 })
    const writer = moveInTurn(given, build, 50)

    const ahead: number[] = []
    while (!writer.isDone()) {
      const lanes = await given.storage.readLanes(build)
      ahead.push((lanes.at(0)?.epoch ?? 0) - (lanes.at(-1)?.epoch ?? 0))
    }

    await writer.moving
    assert.deepEqual(
      ahead.filter((epochs) => epochs !== 0 && epochs !== 1),
      [],
    )
  })

  rule('refuses to read all records of a build that was never prepared', async ({ storage }) => {
    await assert.rejects(storage.readLanes(anyBuild()), { code: 'BUILD_NOT_PREPARED', build: 1 })
  })

  rule('refuses to read the lane of a build that was never prepared', async ({ storage }) => {
    const lane = storage.readLane(anyBuild(), 0)

    await assert.rejects(lane, { code: 'BUILD_NOT_PREPARED', build: 1 })
  })

  rule('refuses to prepare a build that the builds record does not name', async (given) => {
    await given.build()

    const prepared = given.storage.prepare(anyBuild({ number: 7 }))

    await assert.rejects(prepared, { code: 'BUILD_NOT_PREPARED', build: 7 })
  })

  rule('gives back every member of a lane as it was written', async (given) => {
    const first = await given.build()
    const checkpoint = { position: at(2n ** 62n + 1n), eventId: randomUUID() }
    const claimed = await given.step(first, {
      ...{ epoch: 41, isHeld: true, owner: "runner 'a' \\ \u00e9", checkpoint },
      ...{ leaseMs: 2 ** 40, barrenClaims: 3 },
      parked: new Map([
        ['', at(1)],
        ['__proto__', at(2)],
        ['half \ud800, \u0000, "quoted"', at(2n ** 63n - 1n)],
        ['long '.repeat(10_000), at(3)],
      ]),
      requests: [
        { id: randomUUID(), key: '\udc00', discard: undefined },
        {
          id: randomUUID(),
          key: '',
          discard: { position: at(2n ** 63n - 1n), reason: "wrong 'twice' \u0000" },
        },
      ],
      stall: { code: 'PROJECTION_FAILED', message: 'A row threw: "\u0000\ud800".\nSee the cause.' },
    })
    const released = stepFrom(claimed.next, {
      ...{ owner: undefined, leaseMs: 0, parked: new Map(), requests: [], stall: undefined },
    })

    await given.storage.writeLane(first, claimed)
    const whileClaimed = await given.storage.readLane(first, 0)
    await given.storage.writeLane(first, released)

    assert.deepEqual(whileClaimed, claimed.next)
    assert.deepEqual(await given.storage.readLane(first, 0), released.next)
  })

  rule('keeps what a write of a lane does not change', async (given) => {
    const build = await given.build()
    const troubled = await given.step(build, {
      parked: new Map([['account', at(7)]]),
      requests: [{ id: randomUUID(), key: 'account', discard: undefined }],
      stall: { code: 'PROJECTION_FAILED', message: 'A row threw.' },
    })
    await given.storage.writeLane(build, troubled)

    const beaten = await given.step(build, { epoch: 2 })
    await given.storage.writeLane(build, beaten)
    await given.write(build, [put('other')])
    const resumed = await given.step(build, { stall: undefined })
    await given.storage.writeLane(build, resumed)

    const { parked, requests, stall } = await given.storage.readLane(build, 0)
    assert.deepEqual([parked, requests], [troubled.next.parked, troubled.next.requests])
    assert.equal(stall, undefined)
  })

  rule('keeps a lane as it was written when its writer changes it afterwards', async (given) => {
    const build = await given.build()
    const parked = new Map([['account', at(7)]])
    await given.storage.writeLane(build, await given.step(build, { parked }))

    parked.set('other', at(8))
    const read = (await given.storage.readLane(build, 0)).parked as Map<string, GlobalPosition>
    read.set('third', at(9))

    const again = await given.storage.readLane(build, 0)
    assert.deepEqual(again.parked, new Map([['account', at(7)]]))
  })

  rule('writes nothing of a lane whose revision has changed', async (given) => {
    const first = await given.build()
    const winner = await given.step(first, { owner: 'ada' })
    const loser = stepFrom(winner.previous, { owner: 'bob' })

    const written = [
      await given.storage.writeLane(first, winner),
      await given.storage.writeLane(first, loser),
    ]

    assert.deepEqual(written, [true, false])
    assert.deepEqual(await given.storage.readLane(first, 0), winner.next)
  })

  rule('lets one of several racing writers of a lane through', async (given) => {
    const first = await given.build()
    const { previous } = await given.step(first)
    const steps = Array.from({ length: 8 }, (_, epoch) => stepFrom(previous, { epoch }))

    const written = await Promise.all(steps.map((each) => given.storage.writeLane(first, each)))

    const winners = steps.filter((_, index) => written[index])
    assert.deepEqual(
      winners.map(({ next }) => next),
      [await given.storage.readLane(first, 0)],
    )
  })

  rule('compares and sets the record without keys as it does lanes', async (given) => {
    const build = await given.build({ lanes: 2 })
    const { previous } = await given.step(build, {}, 2)
    const steps = Array.from({ length: 4 }, (_, epoch) => stepFrom(previous, { epoch }, 2))

    const written = await Promise.all(steps.map((each) => given.storage.writeLane(build, each)))

    const winners = steps.filter((_, index) => written[index])
    assert.deepEqual(
      winners.map(({ next }) => next),
      [await given.storage.readLane(build, 2)],
    )
  })

  rule('keeps lanes of one build apart', async (given) => {
    const first = await given.build({ lanes: 2 })
    const before = await given.storage.readLane(first, 1)

    await given.storage.writeLane(first, await given.step(first, { owner: 'ada' }, 0))

    assert.deepEqual(await given.storage.readLane(first, 1), before)
  })
}

/** Moves the first and the last record of a build in turn, epoch by epoch. */
function moveInTurn(
  given: ContractModel,
  build: Build,
  rounds: number,
): { readonly moving: Promise<void>; isDone(): boolean } {
  let isDone = false
  const move = async (): Promise<void> => {
    for (let epoch = 1; epoch <= rounds; epoch++)
      for (const lane of [0, build.lanes])
        await given.storage.writeLane(build, await given.step(build, { epoch }, lane))
  }
  const moving = move().finally(() => {
    isDone = true
  })
  return { moving, isDone: () => isDone }
}
