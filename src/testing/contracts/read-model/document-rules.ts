import assert from 'node:assert/strict'
import type { JsonValue } from '../../../event-store/json-value.ts'
import type { Build } from '../../../projections/builds/build.ts'
import { changesOf, documentOf, put, type ContractDocument } from './contract-document.ts'
import type { ContractModel, ReadModelRule } from './contract-model.ts'

type AddRules = (rule: ReadModelRule) => void

/** What is written comes back, whatever it is. */
export const addDocumentRules: AddRules = (rule) => {
  rule('keeps keys that look like something else', async (given) => {
    const build = await given.build()
    const writes = STRANGE_TEXTS.map((key, index) => put(key, { count: index }))

    await given.write(build, writes)

    const found = await given.storage.load(build, STRANGE_TEXTS)
    assert.deepEqual(
      STRANGE_TEXTS.map((key) => found.get(key)?.document?.count),
      STRANGE_TEXTS.map((_, index) => index),
    )
  })

  rule('keeps texts that look like something else', async (given) => {
    const documents = STRANGE_TEXTS.map((text) =>
      documentOf({ title: text, note: text, hint: text, lines: { [text]: text } }),
    )

    assert.deepEqual(await roundTrip(given, documents), documents)
  })

  rule('keeps keys apart that differ in case, accents, spaces or normal form', async (given) => {
    const build = await given.build()
    const keys = ['a', 'A', 'á', 'a\u0301', 'a ', ' a', 'a\u200b', 'ａ']

    await given.write(
      build,
      keys.map((key, index) => put(key, { count: index })),
    )

    assert.equal((await given.all(build)).length, keys.length)
  })

  rule('keeps numbers exactly, to the limits', async (given) => {
    const documents = [
      ...[0, 1, -1, 2 ** 31, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER].map((count) =>
        documentOf({ count, lines: count }),
      ),
      ...[0.1, 1 / 3, -0.5, 1e21, 1e-7, Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53].map((ratio) =>
        documentOf({ ratio, lines: [ratio] }),
      ),
    ]

    assert.deepEqual(await roundTrip(given, documents), documents)
  })

  rule('keeps nested JSON, empty texts, lists and objects, and null', async (given) => {
    const lines: readonly JsonValue[] = [
      null,
      '',
      'null',
      0,
      false,
      [],
      {},
      [null, [], [[]], {}],
      { '': '', 'a.b': { 'c"d': [1, { e: null }] }, length: 1, constructor: 'x' },
      nested(100),
    ]
    const documents = lines.map((each) => documentOf({ title: '', isOpen: false, lines: each }))

    assert.deepEqual(await roundTrip(given, documents), documents)
  })

  rule('tells an absent member from one that is null', async (given) => {
    const documents = [
      documentOf({ note: null }),
      documentOf({ note: 'null', hint: 'undefined' }),
      documentOf({ note: '', hint: '' }),
    ]

    const found = await roundTrip(given, documents)

    assert.deepEqual(found, documents)
    assert.equal(Object.hasOwn(found[0] ?? {}, 'hint'), false)
  })

  rule('keeps documents of five megabytes', async (given) => {
    const documents = [
      documentOf({ title: 'long '.repeat(1_000_000) }),
      documentOf({ lines: Array.from({ length: 200_000 }, (_, index) => `a line: ${index} "é"`) }),
    ]

    assert.deepEqual(await roundTrip(given, documents), documents)
  })

  rule('keeps or refuses, and never changes, what not every text can hold', async (given) => {
    const build = await given.build()
    const documents = ['\u0000', 'a\u0000b', '\ud800', 'a\udc00b'].flatMap((text) => [
      documentOf({ title: text }),
      documentOf({ lines: [text] }),
    ])

    const kept = await Promise.all(documents.map(async (document) => keep(given, build, document)))

    assert.deepEqual(kept, documents)
  })

  rule('gives a fresh copy with every load', async (given) => {
    const build = await given.build()
    await given.write(build, [put('account', { lines: [{ cents: 1 }] })])
    const held = await given.find(build, 'account')

    Object.assign(held?.document ?? {}, { title: 'changed' })
    Object.assign((held?.document?.lines as readonly object[])[0] ?? {}, { cents: 2 })

    const again = await given.find(build, 'account')
    assert.deepEqual(again?.document, documentOf({ lines: [{ cents: 1 }] }))
  })

  rule('keeps what was written when the writer changes it afterwards', async (given) => {
    const build = await given.build()
    const lines = [{ cents: 1 }]
    await given.write(build, [put('account', { lines })])

    Object.assign(lines[0] ?? {}, { cents: 2 })

    const found = await given.find(build, 'account')
    assert.deepEqual(found?.document?.lines, [{ cents: 1 }])
  })

  rule('finds nothing under keys that were never written', async (given) => {
    const build = await given.build()
    await given.write(build, [put('there')])

    const found = await given.storage.load(build, ['there', 'absent', '', 'a\u0000', '\ud800'])

    const present = [...found].filter(([, { document }]) => document !== undefined)
    assert.deepEqual(
      present.map(([key]) => key),
      ['there'],
    )
    assert.equal((await given.storage.load(build, [])).size, 0)
  })
}

const STRANGE_TEXTS: readonly string[] = [
  '',
  ' ',
  'NULL',
  'null',
  'undefined',
  '\\N',
  '"',
  "'",
  "'); DROP TABLE events; --",
  '\\',
  '\\\\"',
  'a,b',
  '{}',
  '{a,"b"}',
  '[1]',
  '(1,2)',
  '$1 %s %_ ? :key',
  'line\nbreak\r\n\ttab',
  '\u0001\u001f\u007f',
  '__proto__',
  'constructor',
  'ключ',
  '鍵',
  'e\u0301',
  '😀',
  '\u2028\u2029\ufeff\uffff',
]

function nested(depth: number): JsonValue {
  return depth === 0 ? 'deep' : { next: [nested(depth - 1)] }
}

async function roundTrip(
  given: ContractModel,
  documents: readonly ContractDocument[],
): Promise<readonly (ContractDocument | undefined)[]> {
  const build = await given.build()
  const keys = documents.map((_, index) => `key-${index}`)
  await given.write(
    build,
    documents.map((document, index) => put(`key-${index}`, document)),
  )
  const found = await given.storage.load(build, keys)
  return keys.map((key) => found.get(key)?.document)
}

/** The document as it came back; or, if it was refused by its key, as it was given. */
async function keep(
  given: ContractModel,
  build: Build,
  document: ContractDocument,
): Promise<ContractDocument | undefined> {
  const key = JSON.stringify(document)
  for (;;) {
    const step = await given.step(build)
    const outcome = await given.storage.commit(build, step, changesOf([put(key, document)]))
    if (outcome === 'committed') return (await given.find(build, key))?.document
    if (outcome !== 'superseded') return outcome.refused.has(key) ? document : undefined
  }
}
