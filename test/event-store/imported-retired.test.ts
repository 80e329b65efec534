import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { byCategory } from '../../src/event-store/create-event-store.ts'
import { EventEncoder } from '../../src/event-store/event-encoder.ts'
import { newId } from '../../src/event-store/new-id.ts'
import { defineEvents, drop, event, streamId } from '../../src/index.ts'

const events = defineEvents(
  'account',
  { Deposited: event<number, [string]>({ upcast: { 1: Number } }) },
  { retired: { Paid: 'Deposited', Seen: { 1: () => drop, 2: () => drop } } },
)

const encode = (type: string, schemaVersion?: number) =>
  new EventEncoder(byCategory([events]), newId).encodeImported({
    ...{ streamId: streamId('account', '1'), version: 1, id: randomUUID() },
    ...{ type, data: '5', schemaVersion },
  })

test('a history may hold types that are retired: they are stored as they are', () => {
  expect(encode('Paid', 1)).toMatchObject({ type: 'Paid', schemaVersion: 1, data: '"5"' })
  expect(encode('Seen', 1)).toMatchObject({ type: 'Seen', schemaVersion: 1 })
})

test('without a schema version they count as the last that was stored', () => {
  expect(encode('Seen')).toMatchObject({ schemaVersion: 2 })
  expect(encode('Paid')).toMatchObject({ schemaVersion: 2 })
})

test.each([
  ['Seen', 3],
  ['Paid', 3],
])('%s of a later schema version is refused', (type, schemaVersion) => {
  expect(() => encode(type, schemaVersion)).toThrow(
    expect.objectContaining({ code: 'NEWER_SCHEMA_VERSION', stored: 3, known: 2 }),
  )
})

test('a type that was never declared is refused', () => {
  expect(() => encode('Lost')).toThrow(expect.objectContaining({ code: 'UNKNOWN_EVENT_TYPE' }))
})
