import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { changesOf, put } from './contract-document.ts'
import { parkedEvent } from './contract-parked.ts'
import { anyBuild, recordOf, type ReadModelRule } from './contract-model.ts'

type AddRules = (rule: ReadModelRule) => void

/** The builds record, builds side by side, publishing and dropping them. */
export const addBuildRules: AddRules = (rule) => {
  rule('has no builds record at first', async ({ storage }) => {
    assert.equal(await storage.readBuilds(), undefined)
  })

  rule('gives back every member of the builds record as it was written', async ({ storage }) => {
    const live = anyBuild({ number: 3, lanes: 4, version: 2, fingerprint: 'f"2' })
    const bare = recordOf(live)
    const full = {
      revision: randomUUID(),
      newest: 2 ** 40,
      live,
      building: anyBuild({ number: 2 ** 40, projection: "ключ 'n'" }),
      previous: anyBuild({ number: 2 }),
      dropping: [anyBuild({ number: 3 })],
      rolledBack: [2, 2 ** 31],
      isPaused: true,
    }

    await storage.writeBuilds(undefined, bare)
    const first = await storage.readBuilds()
    await storage.writeBuilds(bare, full)

    assert.deepEqual(first, bare)
    assert.deepEqual(await storage.readBuilds(), full)
  })

  rule('writes no builds record whose revision has changed', async ({ storage }) => {
    const first = recordOf(anyBuild())
    const second = recordOf(anyBuild({ version: 2 }))
    const stale = recordOf(anyBuild({ version: 3 }))
    await storage.writeBuilds(undefined, first)
    await storage.writeBuilds(first, second)

    const written = [
      await storage.writeBuilds(first, stale),
      await storage.writeBuilds(undefined, stale),
    ]

    assert.deepEqual(written, [false, false])
    assert.deepEqual(await storage.readBuilds(), second)
  })

  rule('replaces no builds record where there is none', async ({ storage }) => {
    const written = await storage.writeBuilds(recordOf(anyBuild()), recordOf(anyBuild()))

    assert.equal(written, false)
    assert.equal(await storage.readBuilds(), undefined)
  })

  rule('lets one of several racing first builds through', async ({ storage }) => {
    const records = Array.from({ length: 6 }, (_, index) =>
      recordOf(anyBuild({ version: index + 1 })),
    )

    const written = await Promise.all(records.map((each) => storage.writeBuilds(undefined, each)))

    const winners = records.filter((_, index) => written[index])
    assert.deepEqual(winners, [await storage.readBuilds()])
  })

  rule('keeps two builds side by side apart', async (given) => {
    const live = await given.build()
    await given.write(live, [put('both', { count: 1 }), put('live')])
    const building = await given.buildBeside()
    const before = await given.storage.readLane(live, 0)

    await given.write(building, [put('both', { count: 2 }, 2), put('building', {}, 2)])

    assert.deepEqual(await given.all(live), [put('both', { count: 1 }), put('live')])
    assert.deepEqual(await given.all(building), [
      put('both', { count: 2 }, 2),
      put('building', {}, 2),
    ])
    assert.deepEqual(await given.storage.readLane(live, 0), before)
  })

  rule('publishes a build again and again, and another one', async (given) => {
    const live = await given.build()
    const building = await given.buildBeside()

    await given.storage.publish(live)
    await given.storage.publish(live)
    await given.storage.publish(building)
    await given.storage.publish(live)

    await given.write(live, [put('a')])
    assert.deepEqual(await given.all(live), [put('a')])
  })

  rule('refuses to publish a build that was never prepared', async (given) => {
    await given.build()

    const published = given.storage.publish(anyBuild({ number: 2 }))

    await assert.rejects(published, { code: 'BUILD_NOT_PREPARED', build: 2 })
  })

  rule('finishes a build again and again, also one that readers see', async (given) => {
    const live = await given.build()
    await given.write(live, [put('a')])
    const building = await given.buildBeside()
    await given.write(building, [put('b')])

    await given.storage.finish(building)
    await given.storage.finish(building)
    await given.storage.finish(live)
    await Promise.all([given.storage.finish(live), given.storage.finish(live)])

    await given.write(live, [put('c')])
    await given.write(building, [put('c')])
    assert.deepEqual(await given.all(live), [put('a'), put('c')])
    assert.deepEqual(await given.all(building), [put('b'), put('c')])
  })

  rule('refuses to finish a build that was never prepared', async (given) => {
    await given.build()

    const finished = given.storage.finish(anyBuild({ number: 2 }))

    await assert.rejects(finished, { code: 'BUILD_NOT_PREPARED', build: 2 })
  })

  rule('drops one build and leaves the others', async (given) => {
    const live = await given.build()
    const building = await given.buildBeside()
    await given.write(live, [put('live')])
    await given.write(building, [put('building')])
    const lane = await given.storage.readLane(live, 0)

    await given.storage.drop(building)
    await given.storage.drop(building)
    await given.storage.drop(anyBuild({ number: 99 }))

    assert.deepEqual(await given.all(live), [put('live')])
    assert.deepEqual(await given.storage.readLane(live, 0), lane)
    await assert.rejects(given.storage.readLane(building, 0), { code: 'BUILD_NOT_PREPARED' })
  })

  rule('writes nothing into a build that was dropped', async (given) => {
    await given.build()
    const building = await given.buildBeside()
    const step = await given.step(building)
    await given.storage.drop(building)

    const written = await given.storage.writeLane(building, step)
    const commit = given.storage.commit(building, step, changesOf([put('late')]))
    const late = changesOf([], { park: [parkedEvent('late', 1)] })
    await assert.rejects(given.storage.commit(building, step, late), {
      code: 'BUILD_NOT_PREPARED',
    })

    assert.equal(written, false)
    await assert.rejects(commit, { code: 'BUILD_NOT_PREPARED', build: 2 })
    await assert.rejects(given.storage.load(building, ['late']), { code: 'BUILD_NOT_PREPARED' })
    await assert.rejects(given.parked(building), { code: 'BUILD_NOT_PREPARED' })
    await assert.rejects(given.storage.readLanes(building), { code: 'BUILD_NOT_PREPARED' })
    await assert.rejects(given.all(building), { code: 'BUILD_NOT_PREPARED' })
  })

  rule('begins the next build empty after one was dropped', async (given) => {
    await given.build()
    const dropped = await given.buildBeside()
    await given.write(dropped, [put('old')])
    await given.storage.drop(dropped)

    const next = await given.buildBeside()

    assert.equal(next.number, 3)
    assert.deepEqual(await given.all(next), [])
  })
}
