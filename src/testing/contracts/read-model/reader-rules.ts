import assert from 'node:assert/strict'
import { documentOf, put, remove } from './contract-document.ts'
import { anyBuild, recordOf, type ReadModelRule } from './contract-model.ts'

type AddRules = (rule: ReadModelRule) => void

/** What readers see by `get` and `getMany`. */
export const addReaderRules: AddRules = (rule) => {
  rule('gets nothing before anything was built', async ({ model }) => {
    assert.equal(await model.get('account'), undefined)
    assert.equal((await model.getMany(['account'])).size, 0)
  })

  rule('gets nothing while the first build is not prepared yet', async ({ model, storage }) => {
    await storage.writeBuilds(undefined, recordOf(anyBuild()))

    assert.equal(await model.get('account'), undefined)
  })

  rule('gets the documents of the live build', async (given) => {
    const live = await given.build()
    await given.write(live, [put('a', { count: 1 }), put('b', { count: 2 }), put('gone')])
    await given.write(live, [remove('gone', 2)])
    const building = await given.buildBeside()
    await given.write(building, [put('a', { count: 9 })])

    const found = await given.model.getMany(['b', 'gone', 'a', 'absent', 'a'])

    assert.deepEqual([...found].toSorted(), [
      ['a', documentOf({ count: 1 })],
      ['b', documentOf({ count: 2 })],
    ])
    assert.equal(await given.model.get('gone'), undefined)
    assert.deepEqual(await given.model.get('b'), documentOf({ count: 2 }))
  })

  rule('gets the documents of another build after a switch', async (given) => {
    const live = await given.build()
    await given.write(live, [put('a', { count: 1 })])
    const building = await given.buildBeside()
    await given.write(building, [put('a', { count: 2 }, 2)])

    await given.switch()
    await given.storage.publish(building)
    await given.storage.drop(live)

    assert.deepEqual(await given.model.get('a'), documentOf({ count: 2 }))
  })
}
