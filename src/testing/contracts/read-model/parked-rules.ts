import assert from 'node:assert/strict'
import { at, changesOf, put } from './contract-document.ts'
import { stepFrom, type ReadModelRule } from './contract-model.ts'
import { behind, parkedEvent } from './contract-parked.ts'

type AddRules = (rule: ReadModelRule) => void

/** Events that are set aside: with the commit, or not at all. */
export const addParkedRules: AddRules = (rule) => {
  rule('has no parked events at first', async (given) => {
    const build = await given.build()

    assert.deepEqual(await given.parked(build), [])
    assert.deepEqual(await given.parked(build, 'account'), [])
  })

  rule('parks events in the commit of documents and lane', async (given) => {
    const build = await given.build()
    const parked = new Map([['account', at(3)]])
    const step = await given.step(build, { parked })
    const park = [parkedEvent('account', 3), behind('account', 5)]

    const outcome = await given.storage.commit(build, step, changesOf([put('other')], { park }))

    assert.equal(outcome, 'committed')
    assert.deepEqual(await given.parked(build), park)
    assert.deepEqual(await given.all(build), [put('other')])
    assert.deepEqual(await given.storage.readLane(build, 0), step.next)
  })

  rule(
    'removes parked events and keeps those that are given up, with the reason',
    async (given) => {
      const build = await given.build()
      const events = [parkedEvent('a', 1), behind('a', 2), behind('a', 3), parkedEvent('b', 2)]
      await given.write(build, [], { park: events })

      await given.write(build, [put('a', {}, 3)], {
        unpark: [
          { key: 'a', position: at(1), discarded: "wrong 'twice' \u0000" },
          { key: 'a', position: at(2), discarded: undefined },
          { key: 'b', position: at(9), discarded: undefined },
          { key: 'absent', position: at(9), discarded: 'nothing' },
        ],
      })

      const discarded = { ...parkedEvent('a', 1), discarded: "wrong 'twice' \u0000" }
      assert.deepEqual(await given.parked(build, 'a'), [discarded, behind('a', 3)])
      assert.deepEqual(await given.parked(build, 'b'), [parkedEvent('b', 2)])
      assert.deepEqual(await given.all(build), [put('a', {}, 3)])
    },
  )

  rule('replaces a parked event that is parked again', async (given) => {
    const build = await given.build()
    await given.write(build, [], { park: [behind('a', 7), behind('a', 8)] })
    const failed = parkedEvent('a', 7)

    await given.write(build, [], { park: [failed] })

    assert.deepEqual(await given.parked(build), [failed, behind('a', 8)])
  })

  rule('parks and removes in one commit', async (given) => {
    const build = await given.build()
    await given.write(build, [], { park: [parkedEvent('a', 1), behind('a', 2)] })
    const failed = parkedEvent('a', 2)

    await given.write(build, [put('a')], {
      park: [failed, parkedEvent('b', 4)],
      unpark: [{ key: 'a', position: at(1), discarded: undefined }],
    })

    assert.deepEqual(await given.parked(build, 'a'), [failed])
    assert.deepEqual(await given.parked(build, 'b'), [parkedEvent('b', 4)])
  })

  rule('parks, removes and gives up nothing in a commit that was superseded', async (given) => {
    const build = await given.build()
    const kept = [parkedEvent('a', 1), behind('a', 2)]
    await given.write(build, [], { park: kept })
    const claim = await given.step(build, { owner: 'bob' })
    await given.storage.writeLane(build, claim)
    const stale = stepFrom(claim.previous)

    const outcomes = [
      { park: [parkedEvent('b', 3), parkedEvent('a', 2)] },
      { unpark: [{ key: 'a', position: at(1), discarded: undefined }] },
      { unpark: [{ key: 'a', position: at(1), discarded: 'late' }] },
    ].map((parked) => given.storage.commit(build, stale, changesOf([put('a')], parked)))

    assert.deepEqual(await Promise.all(outcomes), Array(3).fill('superseded'))
    assert.deepEqual(await given.parked(build), kept)
    assert.deepEqual(await given.all(build), [])
  })

  rule('parks and removes nothing in a commit with a refused document', async (given) => {
    const build = await given.build()
    const kept = [parkedEvent('a', 1)]
    await given.write(build, [], { park: kept })
    const refused = { ...put('bad'), document: given.refused }

    const outcome = await given.storage.commit(
      build,
      await given.step(build),
      changesOf([refused], {
        park: [parkedEvent('b', 3)],
        unpark: [{ key: 'a', position: at(1), discarded: undefined }],
      }),
    )

    assert.notEqual(outcome, 'committed')
    assert.deepEqual(await given.parked(build), kept)
  })

  rule('parks a committed batch once when it is sent again', async (given) => {
    const build = await given.build()
    const step = await given.step(build)
    const changes = changesOf([], { park: [parkedEvent('a', 1)] })
    await given.storage.commit(build, step, changes)
    const unpark = [{ key: 'a', position: at(1), discarded: undefined }]
    await given.write(build, [], { unpark })

    const again = await given.storage.commit(build, step, changes)

    assert.equal(again, 'superseded')
    assert.deepEqual(await given.parked(build), [])
  })

  rule('parks events of keys that no document can have', async (given) => {
    const build = await given.build()
    const keys = ['', '\u0000', '\ud800', '\udc00', '\ufffd', 'a,"b"', 'é'.repeat(5000)]
    const park = keys.map((key, index) => parkedEvent(key, index + 1))

    await given.write(build, [], { park })

    const found = await Promise.all(keys.map((key) => given.parked(build, key)))
    assert.deepEqual(
      found,
      park.map((event) => [event]),
    )
    assert.equal((await given.parked(build)).length, keys.length)
  })

  rule('keeps every text and position of a parked event', async (given) => {
    const build = await given.build()
    const park = [
      { ...parkedEvent('a', 2n ** 53n + 1n), version: 2 ** 31 },
      { ...parkedEvent('a', 2n ** 62n), error: '' },
      { ...parkedEvent('a', 2n ** 63n - 1n), error: 'Half \ud800, \u0000,\n\'quoted\' \\ "é".' },
    ]

    await given.write(build, [], { park })

    assert.deepEqual(await given.parked(build), park)
  })

  rule('keeps parked events of lanes and builds apart', async (given) => {
    const live = await given.build({ lanes: 2 })
    const building = await given.buildBeside()
    await given.write(live, [], { park: [parkedEvent('a', 1)] })
    const second = await given.step(live, {}, 1)
    await given.storage.commit(live, second, changesOf([], { park: [parkedEvent('b', 1)] }))
    await given.write(building, [], { park: [parkedEvent('a', 3)] })

    const unpark = [{ key: 'b', position: at(1), discarded: undefined }]
    await given.write(live, [], { unpark })
    await given.write(building, [], { unpark: [{ ...parkedEvent('a', 1), discarded: 'no' }] })

    assert.deepEqual(await given.parked(live), [parkedEvent('a', 1)])
    assert.deepEqual(await given.parked(live, undefined, 1), [parkedEvent('b', 1)])
    assert.deepEqual(await given.parked(building), [parkedEvent('a', 3)])
  })

  rule('forgets the parked events of a build that is dropped, and no others', async (given) => {
    const live = await given.build()
    const building = await given.buildBeside()
    await given.write(live, [], { park: [parkedEvent('a', 1)] })
    await given.write(building, [], { park: [parkedEvent('a', 1)] })

    await given.storage.drop(building)

    assert.deepEqual(await given.parked(live), [parkedEvent('a', 1)])
    await assert.rejects(given.parked(building), { code: 'BUILD_NOT_PREPARED' })
  })
}
