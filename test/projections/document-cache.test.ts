import { describe, expect, test } from '@jest/globals'
import { globalPosition } from '../../src/index.ts'
import { DocumentCache } from '../../src/projections/lanes/document-cache.ts'

const document = { document: { cents: 1 }, position: globalPosition(1), size: 50 }

describe('DocumentCache', () => {
  test('answers for every key while nothing was evicted', () => {
    const cache = new DocumentCache<object>({ maxBytes: 1000, isComplete: true })

    cache.set('one', document)
    cache.set('two', document)

    expect(cache.isComplete).toBe(true)
    expect(cache.get('one')).toBe(document)
  })

  test('does not answer for missing keys any more once one was evicted', () => {
    const cache = new DocumentCache<object>({ maxBytes: 500, isComplete: true })

    cache.set('one', document)
    cache.set('two', document)

    expect(cache.isComplete).toBe(false)
    expect(cache.get('one')).toBeUndefined()
  })

  test('does not answer for a document that is larger than itself', () => {
    const cache = new DocumentCache<object>({ maxBytes: 1000, isComplete: true })

    cache.set('large', { ...document, size: 1000 })

    expect(cache.isComplete).toBe(false)
    expect(cache.get('large')).toBeUndefined()
  })

  test('replaces a document without counting that as an eviction', () => {
    const cache = new DocumentCache<object>({ maxBytes: 500, isComplete: true })

    cache.set('one', document)
    cache.set('one', { ...document, position: globalPosition(2) })

    expect(cache.isComplete).toBe(true)
    expect(cache.get('one')?.position).toBe(2n)
  })
})
