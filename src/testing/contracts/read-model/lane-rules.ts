import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { at } from './contract-document.ts'
import { anyBuild, recordOf, stepFrom, type ReadModelRule } from './contract-model.ts'

type AddRules = (rule: ReadModelRule) => void

/** Preparing a build, and the compare-and-set of its lanes. */
export const addLaneRules: AddRules = (rule) => {
  rule('prepares lanes 0 to n - 1, without checkpoint and owner', async (given) => {
    const build = await given.build({ lanes: 3 })

    const lanes = await Promise.all([0, 1, 2].map((lane) => given.storage.readLane(build, lane)))

    for (const { epoch, owner, checkpoint } of lanes)
      assert.deepEqual(
        { epoch, owner, checkpoint },
        { epoch: 0, owner: undefined, checkpoint: undefined },
      )
    assert.equal(new Set(lanes.map(({ revision }) => revision)).size, 3)
    await assert.rejects(given.storage.readLane(build, 3), { code: 'BUILD_NOT_PREPARED' })
  })

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
      epoch: 41,
      isHeld: true,
      owner: "runner 'a' \\ \u00e9",
      checkpoint,
    })
    const released = stepFrom(claimed.next, { owner: undefined })

    await given.storage.writeLane(first, claimed)
    const whileClaimed = await given.storage.readLane(first, 0)
    await given.storage.writeLane(first, released)

    assert.deepEqual(whileClaimed, claimed.next)
    assert.deepEqual(await given.storage.readLane(first, 0), released.next)
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

  rule('keeps lanes of one build apart', async (given) => {
    const first = await given.build({ lanes: 2 })
    const before = await given.storage.readLane(first, 1)

    await given.storage.writeLane(first, await given.step(first, { owner: 'ada' }, 0))

    assert.deepEqual(await given.storage.readLane(first, 1), before)
  })
}
