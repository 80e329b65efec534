import { describe, expect, test } from '@jest/globals'
import {
  defineEvents,
  event,
  globalPosition,
  type EventDefinition,
  type RecordedEvent,
} from '../../src/index.ts'
import { accountEvents, anyAccount } from './account-events.ts'

describe('a catalog', () => {
  test('makes events of its types', () => {
    const occurredAt = new Date(0)

    const deposit = accountEvents.MoneyDeposited({ cents: 5 }, { occurredAt })

    expect(deposit).toEqual({ type: 'MoneyDeposited', data: { cents: 5 }, occurredAt })
  })

  test('cannot be changed', () => {
    expect(Object.isFrozen(accountEvents)).toBe(true)
  })

  test.each(['', 'bank-account'])("is refused for the category '%s'", (category) => {
    expect(() => defineEvents(category, {})).toThrow(TypeError)
  })

  test.each(['', 'category', 'upcast', 'a\u0000', 'a\ud800'])(
    'refuses %j as an event type',
    (type) => {
      expect(() => defineEvents('account', { [type]: event<unknown>() })).toThrow(TypeError)
    },
  )

  test('takes event types that objects have as members', () => {
    const catalog = defineEvents('account', {
      valueOf: event<number>(),
      constructor: event<number>(),
    })

    expect(catalog.valueOf(5)).toEqual({ type: 'valueOf', data: 5 })
    expect(catalog.constructor(5)).toEqual({ type: 'constructor', data: 5 })
  })

  test('is refused when a step of its upcasters is missing', () => {
    const gap = { 2: (old: unknown) => old } as unknown as { 1: (old: unknown) => number }

    const build = (): unknown =>
      defineEvents('account', { Paid: event<number, [unknown]>({ upcast: gap }) })

    expect(build).toThrow("Event 'Paid' has no upcaster step from schema version 1.")
  })

  test('is refused when a step of its upcasters is surplus', () => {
    const definition: EventDefinition<number> = {
      version: 2,
      schema: undefined,
      upcast: { 1: (old: number) => old, 2: (old: number) => old },
    }

    expect(() => defineEvents('account', { Paid: definition })).toThrow(
      "Event 'Paid' has a step '2' that carries nothing on",
    )
  })
})

describe('upcasting a stored event by hand', () => {
  test('gives the current shape of its data', () => {
    const stored = storedEvent({ type: 'MoneyDeposited', data: { amount: 1.5 }, schemaVersion: 1 })

    const upcast = accountEvents.upcast(stored)

    expect(upcast).toEqual([{ ...stored, data: { cents: 150 }, schemaVersion: 2 }])
  })

  test('gives an event of the current shape as it is', () => {
    const stored = storedEvent({ type: 'MoneyDeposited', data: { cents: 5 }, schemaVersion: 2 })

    expect(accountEvents.upcast(stored)).toEqual([stored])
  })

  test('refuses an event that newer code stored, and names both versions', () => {
    const stored = storedEvent({ type: 'MoneyDeposited', data: {}, schemaVersion: 3 })

    expect(() => accountEvents.upcast(stored)).toThrow(
      expect.objectContaining({
        code: 'NEWER_SCHEMA_VERSION',
        type: 'MoneyDeposited',
        stored: 3,
        known: 2,
      }),
    )
  })

  test('refuses an event of an undeclared type', () => {
    const stored = storedEvent({ type: 'BonusPaid', data: {}, schemaVersion: 1 })

    expect(() => accountEvents.upcast(stored)).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_EVENT_TYPE', type: 'BonusPaid' }),
    )
  })
})

function storedEvent(facts: Pick<RecordedEvent, 'type' | 'data' | 'schemaVersion'>): RecordedEvent {
  return {
    streamId: anyAccount(),
    version: 1,
    position: globalPosition(1),
    id: '01890a5d-ac96-774b-bcce-b302099a8057',
    metadata: {},
    occurredAt: new Date(0),
    recordedAt: new Date(0),
    ...facts,
  }
}
