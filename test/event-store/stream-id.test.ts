import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { memoryEventStore } from '../../src/adapters/memory/memory-event-store.ts'
import { categoryOf, idOf, parseStreamId, streamId, type StreamId } from '../../src/index.ts'
import { eventsOf } from '../../src/testing/contracts/event-store/reading.ts'
import { accountEvents } from './account-events.ts'

describe('a stream id', () => {
  test('is its category and its id', () => {
    expect(streamId('account', '42')).toBe('account-42')
    expect(categoryOf(streamId('account', '42'))).toBe('account')
  })

  test('has its category before the first dash; the id may hold more', () => {
    const id = streamId('account', 'a-b--c')

    expect(id).toBe('account-a-b--c')
    expect(categoryOf(id)).toBe('account')
    expect(idOf(id)).toBe('a-b--c')
  })

  test('may be 255 characters long', () => {
    const id = 'x'.repeat(255 - 'account-'.length)

    expect(streamId('account', id)).toHaveLength(255)
  })

  test.each([
    ['is empty', '', 'it is empty'],
    ['has no category', '-42', 'it has no category'],
    ['has no dash', 'account', 'it has no category'],
    ['has no id', 'account-', 'its id is empty'],
    ['is longer than 255 characters', `account-${'x'.repeat(248)}`, 'it is 256 characters long'],
    ['holds U+0000', 'account-\u0000', 'it holds U+0000'],
    ['holds half of a surrogate pair', 'account-\ud800', 'half of a surrogate pair'],
    ['is no text', 42 as unknown as string, 'it is not a string'],
  ])('is refused when it %s', (_, text, reason) => {
    expect(() => parseStreamId(text)).toThrow(
      expect.objectContaining({
        code: 'INVALID_STREAM_ID',
        streamId: text,
        reason: expect.stringContaining(reason),
      }),
    )
  })

  test('is refused when its category holds a dash', () => {
    expect(() => streamId('bank-account', '42')).toThrow(
      expect.objectContaining({ code: 'INVALID_STREAM_ID', streamId: 'bank-account' }),
    )
  })

  test('comes back in two parts from any category and id', () => {
    const category = fc.stringMatching(/^[a-z_ěš]{1,40}$/)
    const id = fc.string({ minLength: 1, maxLength: 80, unit: 'grapheme' })

    fc.assert(
      fc.property(category, id.filter(isStorable), (name, text) => {
        expect(categoryOf(streamId(name, text))).toBe(name)
      }),
    )
  })
})

test('a store refuses to append to what names no stream', async () => {
  const store = memoryEventStore({ catalogs: [accountEvents] })

  const append = store.append('account' as StreamId, [], { expectedVersion: 'any' })

  await expect(append).rejects.toMatchObject({ code: 'INVALID_STREAM_ID' })
})

test('a store refuses to read what names no stream', async () => {
  const store = memoryEventStore({ catalogs: [accountEvents] })

  const read = eventsOf(store.readStream('' as StreamId))

  await expect(read).rejects.toMatchObject({ code: 'INVALID_STREAM_ID' })
})

const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000')
