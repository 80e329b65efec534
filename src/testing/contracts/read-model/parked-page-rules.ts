import assert from 'node:assert/strict'
import { at } from './contract-document.ts'
import type { ReadModelRule } from './contract-model.ts'
import { behind, parkedEvent } from './contract-parked.ts'

type AddRules = (rule: ReadModelRule) => void

/** Reading parked events. */
export const addParkedPageRules: AddRules = (rule) => {
  rule('reads each of 5,000 parked events once, those of a key by position', async (given) => {
    const build = await given.build()
    const keys = ['a', 'b', 'ключ', '']
    const positions = Array.from({ length: 1250 }, (_, index) => index + 1)
    for (const key of keys) {
      const park = positions.toReversed().map((position) => behind(key, position))
      await given.write(build, [], { park })
    }

    const sizes: number[] = []
    const found = []
    for await (const page of given.storage.readParked(build, 0)) {
      sizes.push(page.length)
      found.push(...page)
    }

    for (const key of keys)
      assert.deepEqual(
        found.filter((event) => event.key === key),
        positions.map((position) => behind(key, position)),
      )
    assert.equal(found.length, 5000)
    assert.ok(Math.max(...sizes) <= 2500, `pages of ${sizes.join(', ')}`)
    assert.deepEqual(
      await given.parked(build, 'b'),
      positions.map((position) => behind('b', position)),
    )
  })

  rule('reads on while the parked events that were read are removed', async (given) => {
    const build = await given.build()
    const events = Array.from({ length: 3000 }, (_, index) => behind('a', index + 1))
    await given.write(build, [], { park: [...events, parkedEvent('b', 1)] })

    const found = []
    for await (const page of given.storage.readParked(build, 0, 'a')) {
      found.push(...page)
      const unpark = page.map(({ position }) => ({ key: 'a', position, discarded: undefined }))
      await given.write(build, [], { unpark })
    }

    assert.deepEqual(found, events)
    assert.deepEqual(await given.parked(build), [parkedEvent('b', 1)])
  })

  rule('reads those that were given up among the others', async (given) => {
    const build = await given.build()
    await given.write(build, [], { park: [1, 2, 3].map((position) => behind('a', position)) })
    const unpark = [{ key: 'a', position: at(2), discarded: 'wrong' }]
    await given.write(build, [], { unpark })

    const found = await given.parked(build, 'a')

    assert.deepEqual(
      found.map(({ discarded }) => discarded),
      [undefined, 'wrong', undefined],
    )
  })

  rule('can be left in the middle of the parked events', async (given) => {
    const build = await given.build()
    const park = Array.from({ length: 2500 }, (_, index) => behind('a', index + 1))
    await given.write(build, [], { park })

    for await (const page of given.storage.readParked(build, 0)) {
      assert.ok(page.length > 0)
      break
    }

    assert.equal((await given.parked(build)).length, 2500)
  })
}
