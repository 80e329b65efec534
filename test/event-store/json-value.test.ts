import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { memoryEventStore } from '../../src/adapters/memory/memory-event-store.ts'
import { encodeJson, sealJson } from '../../src/event-store/json-value.ts'
import type { EventStore } from '../../src/index.ts'
import { eventsOf } from '../../src/testing/contracts/event-store/reading.ts'
import { accountEvents, anyAccount } from './account-events.ts'

class Money {
  readonly cents = 5
}

const cyclic: Record<string, unknown> = { inner: {} }
cyclic['inner'] = { again: cyclic }

describe('data that JSON does not keep', () => {
  test.each<[string, unknown, string, string]>([
    ['a BigInt', { lines: [{ price: 5n }] }, 'data.lines[0].price', 'is the BigInt 5'],
    ['undefined at the top', undefined, 'data', 'is undefined'],
    ['undefined in a list', [1, undefined], 'data[1]', 'is undefined'],
    ['a hole in a list', Object.assign([], { length: 1 }), 'data[0]', 'is undefined'],
    ['NaN', { rate: Number.NaN }, 'data.rate', 'is NaN'],
    ['Infinity', { rate: -Infinity }, 'data.rate', 'is -Infinity'],
    ['a Date', { at: new Date(0) }, 'data.at', 'is a Date'],
    ['a Map', { byId: new Map() }, 'data.byId', 'is a Map'],
    ['a Set', [new Set()], 'data[0]', 'is a Set'],
    ['bytes', { bytes: new Uint8Array(2) }, 'data.bytes', 'is a Uint8Array'],
    ['an instance of a class', { money: new Money() }, 'data.money', 'is a Money'],
    ['a function', { run: () => 1 }, 'data.run', 'is a function'],
    ['a symbol', { mark: Symbol('x') }, 'data.mark', 'is a symbol'],
    ['a promise', { later: Promise.resolve() }, 'data.later', 'is a Promise'],
    ['an object with its own toJSON', { toJSON: () => 1 }, 'data', 'its own toJSON'],
    ['a cycle', cyclic, 'data.inner.again', 'holds itself'],
  ])('is refused with its path: %s', async (_, data, path, problem) => {
    const append = appendNote(memoryEventStore({ catalogs: [accountEvents] }), data)

    await expect(append).rejects.toMatchObject({
      code: 'NOT_JSON',
      path,
      message: expect.stringContaining(problem),
    })
  })

  test('is refused in metadata, too', async () => {
    const store = memoryEventStore({ catalogs: [accountEvents] })
    const note = accountEvents.NoteAdded(1, { metadata: { tags: [1n] } })

    const append = store.append(anyAccount(), [note], { expectedVersion: 0 })

    await expect(append).rejects.toMatchObject({ code: 'NOT_JSON', path: 'metadata.tags[0]' })
  })
})

describe('data that JSON keeps', () => {
  test('comes back equal, whatever it is', async () => {
    const store = memoryEventStore({ catalogs: [accountEvents] })

    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 5 }), async (value) => {
        const data = withoutNegativeZero(value)
        const account = await appendNote(store, data)

        const [event] = await eventsOf(store.readStream(account))

        expect(event?.data).toEqual(data)
        expect(JSON.stringify(event?.data)).toBe(JSON.stringify(data))
      }),
      { numRuns: 300 },
    )
  })

  test('may hold one object twice', () => {
    const shared = { cents: 5 }

    expect(encodeJson([shared, { again: shared }], 'data')).toBe(
      '[{"cents":5},{"again":{"cents":5}}]',
    )
  })

  test('may be of another realm or without a prototype', () => {
    const cloned: unknown = structuredClone({ cents: [1, { a: 2 }] })
    const bare = Object.assign(Object.create(null) as object, { cents: 5 })

    expect(encodeJson([cloned, bare], 'data')).toBe('[{"cents":[1,{"a":2}]},{"cents":5}]')
  })

  test('may name a member toJSON or constructor', () => {
    expect(encodeJson({ toJSON: 1, constructor: 'x' }, 'data')).toBe(
      '{"toJSON":1,"constructor":"x"}',
    )
  })

  test('leaves members out that are undefined', () => {
    expect(encodeJson({ a: undefined, b: { c: undefined } }, 'data')).toBe('{"b":{}}')
  })
})

describe('a sealed document', () => {
  test('is frozen all through', () => {
    const document = { lines: [{ cents: 5 }] }

    sealJson(document, () => 'document')

    expect([document, document.lines, document.lines[0]].every(Object.isFrozen)).toBe(true)
  })

  test('may hold no members that are undefined', () => {
    expect(() => sealJson({ a: [{ b: undefined }] }, () => 'document')).toThrow(
      expect.objectContaining({ code: 'NOT_JSON', path: 'document.a[0].b' }),
    )
  })

  test('tells about how large it is', () => {
    const document = { name: 'x'.repeat(1000), list: [1, 2, 3] }

    const size = sealJson(document, () => 'document')

    expect(Math.abs(size - JSON.stringify(document).length)).toBeLessThan(50)
  })
})

async function appendNote(store: EventStore, data: unknown) {
  const account = anyAccount()
  await store.append(account, [accountEvents.NoteAdded(data)], { expectedVersion: 0 })
  return account
}

/** JSON.stringify writes -0 as 0. */
const withoutNegativeZero = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
