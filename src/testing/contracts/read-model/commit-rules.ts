import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { at, changesOf, documentOf, many, put, remove } from './contract-document.ts'
import { stepFrom, type ReadModelRule } from './contract-model.ts'

type AddRules = (rule: ReadModelRule) => void

/** Documents and lane in one step, or nothing of both. */
export const addCommitRules: AddRules = (rule) => {
  rule('commits documents, deletions and the lane together', async (given) => {
    const build = await given.build()
    await given.write(build, [put('gone'), put('changed', { count: 1 })])
    const checkpoint = { position: at(7), eventId: randomUUID() }
    const step = await given.step(build, { checkpoint, owner: 'ada', epoch: 2 })

    const outcome = await given.storage.commit(
      build,
      step,
      changesOf([remove('gone', 7), put('changed', { count: 2 }, 6), put('new', { count: 3 }, 5)]),
    )

    assert.equal(outcome, 'committed')
    assert.deepEqual(await given.all(build), [
      put('changed', { count: 2 }, 6),
      put('new', { count: 3 }, 5),
    ])
    assert.deepEqual(await given.storage.readLane(build, 0), step.next)
  })

  rule('writes nothing at all of a commit that was superseded', async (given) => {
    const build = await given.build()
    await given.write(build, [put('kept', { count: 1 })])
    const claim = await given.step(build, { owner: 'bob', epoch: 1 })
    await given.storage.writeLane(build, claim)
    const stale = stepFrom(claim.previous, { owner: 'ada' })

    const outcome = await given.storage.commit(
      build,
      stale,
      changesOf([put('new'), put('kept', { count: 2 })]),
    )
    const deletion = await given.storage.commit(build, stale, changesOf([remove('kept')]))

    assert.deepEqual([outcome, deletion], ['superseded', 'superseded'])
    assert.deepEqual(await given.all(build), [put('kept', { count: 1 })])
    assert.deepEqual(await given.storage.readLane(build, 0), claim.next)
  })

  rule('supersedes a committed batch that is sent again', async (given) => {
    const build = await given.build()
    const step = await given.step(build)
    await given.storage.commit(build, step, changesOf([put('account', { count: 1 })]))
    await given.write(build, [put('account', { count: 2 }, 2)])

    const again = await given.storage.commit(build, step, changesOf([put('account', { count: 1 })]))

    assert.equal(again, 'superseded')
    assert.deepEqual(await given.all(build), [put('account', { count: 2 }, 2)])
  })

  rule('tells by the revision of the lane whether a lost commit was written', async (given) => {
    const build = await given.build()
    const written = await given.step(build)
    const superseded = stepFrom(written.previous)

    await given.storage.commit(build, written, changesOf([put('a')]))
    await given.storage.commit(build, superseded, changesOf([put('b')]))

    const { revision } = await given.storage.readLane(build, 0)
    assert.equal(revision, written.next.revision)
    assert.notEqual(revision, superseded.next.revision)
  })

  rule('commits one of several racing batches, whole', async (given) => {
    const build = await given.build()
    const { previous } = await given.step(build)
    const racers = Array.from({ length: 6 }, (_, racer) => ({
      step: stepFrom(previous),
      writes: ['a', 'b', 'c'].map((key) => put(key, { count: racer })),
    }))

    const outcomes = await Promise.all(
      racers.map(({ step, writes }) => given.storage.commit(build, step, changesOf(writes))),
    )

    const winners = racers.filter((_, racer) => outcomes[racer] === 'committed')
    const { revision } = await given.storage.readLane(build, 0)
    assert.equal(outcomes.filter((outcome) => outcome === 'superseded').length, 5)
    assert.deepEqual(
      winners.map(({ step }) => step.next.revision),
      [revision],
    )
    assert.deepEqual(await given.all(build), winners[0]?.writes)
  })

  rule('lets a claim or a commit through when they race, never both', async (given) => {
    const build = await given.build()
    const { previous } = await given.step(build)
    const claim = stepFrom(previous, { owner: 'bob' })
    const batch = stepFrom(previous)

    const [claimed, outcome] = await Promise.all([
      given.storage.writeLane(build, claim),
      given.storage.commit(build, batch, changesOf([put('a')])),
    ])

    const { revision } = await given.storage.readLane(build, 0)
    const found = (await given.all(build)).length
    assert.deepEqual(
      [claimed, outcome, found],
      revision === claim.next.revision ? [true, 'superseded', 0] : [false, 'committed', 1],
    )
  })

  rule('commits a lane without any documents', async (given) => {
    const build = await given.build()
    const checkpoint = { position: at(9), eventId: randomUUID() }
    const step = await given.step(build, { checkpoint })

    const outcome = await given.storage.commit(build, step, changesOf([]))

    assert.equal(outcome, 'committed')
    assert.deepEqual(await given.storage.readLane(build, 0), step.next)
  })

  rule('deletes a key that has no document', async (given) => {
    const build = await given.build()

    await given.write(build, [remove('never-there'), put('there')])

    assert.deepEqual(await given.all(build), [put('there')])
  })

  rule('deletes and makes a document again, commit after commit', async (given) => {
    const build = await given.build()

    await given.write(build, [put('account', { count: 1, hint: 'first' }, 1)])
    await given.write(build, [remove('account', 2)])
    const deleted = await given.find(build, 'account')
    await given.write(build, [put('account', { count: 2 }, 3)])

    assert.equal(deleted, undefined)
    assert.deepEqual(await given.all(build), [put('account', { count: 2 }, 3)])
  })

  rule(
    'deletes documents and makes others again in one commit, commit after commit',
    async (given) => {
      const build = await given.build()
      const keys = ['a', 'b', 'c', 'd', 'e']
      await given.write(
        build,
        keys.map((key) => put(key)),
      )

      for (let round = 2; round <= 7; round++)
        await given.write(
          build,
          keys.map((key, index) =>
            (index + round) % 3 === 0 ? remove(key, round) : put(key, { count: round }, round),
          ),
        )

      assert.deepEqual(
        await given.all(build),
        ['a', 'b', 'd', 'e'].map((key) => put(key, { count: 7 }, 7)),
      )
    },
  )

  rule('replaces a document whole', async (given) => {
    const build = await given.build()
    await given.write(build, [put('account', { hint: 'here', note: 'old', lines: { a: 1 } })])

    await given.write(build, [put('account', { lines: { b: 2 } }, 2)])

    assert.deepEqual(await given.find(build, 'account'), {
      document: documentOf({ lines: { b: 2 } }),
      position: at(2),
    })
  })

  rule('commits 2,000 documents at once, new ones and known ones', async (given) => {
    const build = await given.build()
    const documents = many(2000)
    await given.write(build, documents.slice(0, 1000))

    await given.write(build, documents)
    await given.write(
      build,
      documents.map(({ key }) => remove(key, 2)),
    )
    await given.write(
      build,
      documents.map((each) => ({ ...each, position: at(3) })),
    )

    const found = await given.storage.load(
      build,
      documents.map(({ key }) => key),
    )
    assert.equal(found.size, 2000)
    assert.deepEqual(found.get('document-1999'), {
      document: documentOf({ count: 1999 }),
      position: at(3),
    })
  })

  rule('keeps the position of each document, beyond what a number can hold', async (given) => {
    const build = await given.build()
    const positions = [1n, 2n ** 53n + 1n, 2n ** 62n + 3n, 2n ** 63n - 1n]
    const writes = positions.map((position, index) => put(`key-${index}`, {}, position))

    await given.write(build, writes)

    assert.deepEqual(await given.all(build), writes)
  })
}
