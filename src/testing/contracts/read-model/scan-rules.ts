import assert from 'node:assert/strict'
import { many, put, remove } from './contract-document.ts'
import type { ReadModelRule } from './contract-model.ts'

type AddRules = (rule: ReadModelRule) => void

/** Reading a whole build. */
export const addScanRules: AddRules = (rule) => {
  rule('scans a build without documents', async (given) => {
    const build = await given.build()

    assert.deepEqual(await given.all(build), [])
  })

  rule('scans each of 5,000 documents once, in pages', async (given) => {
    const build = await given.build()
    const written = many(5000)
    await given.write(build, written.slice(0, 2500))
    await given.write(build, written.slice(2500))

    const pages: string[][] = []
    for await (const page of given.storage.scan(build)) pages.push(page.map(({ key }) => key))

    const largest = Math.max(...pages.map(({ length }) => length))
    assert.deepEqual(pages.flat().toSorted(), written.map(({ key }) => key).toSorted())
    assert.ok(largest <= 2500, `a page of ${largest}`)
  })

  rule('scans large documents in pages that fit in memory', async (given) => {
    const build = await given.build()
    const title = 'x'.repeat(2 ** 20)
    for (let part = 0; part < 4; part++)
      await given.write(
        build,
        many(8, `part-${part}-`).map(({ key }) => put(key, { title })),
      )

    const sizes: number[] = []
    for await (const page of given.storage.scan(build)) sizes.push(page.length)

    assert.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      32,
    )
    assert.ok(Math.max(...sizes) <= 16, `pages of ${sizes.join(', ')} megabytes`)
  })

  rule('scans documents as a load gives them, with their positions', async (given) => {
    const build = await given.build()
    const writes = [
      put('', { hint: 'x', lines: { a: [null] } }, 2n ** 60n),
      put('a,"b"', { note: 'y' }, 7),
      put('é', { isOpen: false }, 3),
    ]

    await given.write(build, writes)

    assert.deepEqual(await given.all(build), writes)
  })

  rule('scans no deleted documents', async (given) => {
    const build = await given.build()
    await given.write(build, [put('a'), put('b'), put('c')])
    await given.write(build, [remove('a', 2), remove('c', 2)])

    assert.deepEqual(await given.all(build), [put('b')])
  })

  rule('can be left in the middle of a scan', async (given) => {
    const build = await given.build()
    await given.write(build, many(3000))

    for await (const page of given.storage.scan(build)) {
      assert.ok(page.length > 0)
      break
    }

    await given.write(build, [put('afterwards')])
    assert.ok(await given.find(build, 'afterwards'))
  })
}
