import assert from 'node:assert/strict'
import { changesOf, documentOf, put, remove } from './contract-document.ts'
import type { ReadModelRule } from './contract-model.ts'

type AddRules = (rule: ReadModelRule) => void

/** Documents that the sink cannot hold. */
export const addRefusalRules: AddRules = (rule) => {
  rule('names the keys of refused documents, and why', async (given) => {
    const build = await given.build()
    const refused = { ...put('bad'), document: given.refused }

    const outcome = await given.storage.commit(
      build,
      await given.step(build),
      changesOf([put('good'), refused, { ...refused, key: 'worse' }]),
    )

    assert(typeof outcome === 'object')
    assert.deepEqual([...outcome.refused.keys()], ['bad', 'worse'])
    for (const error of outcome.refused.values()) assert.match(error.message, /\.$/)
  })

  rule('writes nothing of a commit with a refused document, not even the lane', async (given) => {
    const build = await given.build()
    await given.write(build, [put('kept')])
    const step = await given.step(build, { owner: 'ada' })

    await given.storage.commit(
      build,
      step,
      changesOf([put('new'), { ...put('bad'), document: given.refused }, remove('kept')]),
    )

    assert.deepEqual(await given.all(build), [put('kept')])
    assert.deepEqual(await given.storage.readLane(build, 0), step.previous)
  })

  rule('goes on after a refused document as if it had never been sent', async (given) => {
    const build = await given.build()
    const step = await given.step(build)
    await given.storage.commit(
      build,
      step,
      changesOf([{ ...put('account'), document: given.refused }]),
    )

    const outcome = await given.storage.commit(build, step, changesOf([put('account')]))

    assert.equal(outcome, 'committed')
    assert.deepEqual((await given.find(build, 'account'))?.document, documentOf())
  })
}
