import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import * as elasticsearch from '../../src/adapters/elasticsearch/index.ts'
import * as kurrentdb from '../../src/adapters/kurrentdb/index.ts'
import * as memory from '../../src/adapters/memory/index.ts'
import * as pglite from '../../src/adapters/pglite/index.ts'
import * as postgres from '../../src/adapters/postgres/index.ts'
import * as redis from '../../src/adapters/redis/index.ts'
import * as core from '../../src/index.ts'
import * as inversify from '../../src/inversify/index.ts'
import * as testing from '../../src/testing/index.ts'

const exported = new Set(
  [core, elasticsearch, kurrentdb, memory, pglite, postgres, redis, inversify, testing].flatMap(
    (module) => Object.keys(module),
  ),
)

/** Every error class of src with its code, as its file declares it. */
const declared = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) => [
    ...readFileSync(`src/${file}`, 'utf8').matchAll(
      /class (\w+) extends EverfoldError[^]*?readonly code = '(\w+)'/g,
    ),
  ])
  .map(([, name, code]) => ({ name, code }))

/** Entries of docs/errors.md: a heading with the code, the class below it. */
const documented = [
  ...readFileSync('docs/errors.md', 'utf8').matchAll(/^### `(\w+)`\n\n`(\w+)`/gm),
].map(([, code, name]) => ({ name, code }))

describe('docs/errors.md', () => {
  test('lists exactly the errors of the source', () => {
    expect(declared.length).toBeGreaterThan(20)
    expect(documented.map(({ code }) => code).toSorted()).toEqual(
      declared.map(({ code }) => code).toSorted(),
    )
    expect(new Set(documented.map(({ name, code }) => `${name} ${code}`))).toEqual(
      new Set(declared.map(({ name, code }) => `${name} ${code}`)),
    )
  })

  test('names each code once', () => {
    expect(new Set(declared.map(({ code }) => code)).size).toBe(declared.length)
  })
})

describe('every error of the source', () => {
  test('is exported, so that callers can handle it', () => {
    expect(
      declared.filter(({ name }) => !exported.has(name ?? '')).map(({ name }) => name),
    ).toEqual([])
  })
})
