import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MemoryEventStorage } from '../../src/adapters/memory/memory-event-storage.ts'
import {
  createEventStore,
  defineEvents,
  event,
  streamId,
  type EventStore,
  type UpcastContext,
} from '../../src/index.ts'
import { eventsOf } from '../../src/testing/contracts/event-store/reading.ts'
import { UpcasterChain } from '../../src/upcasters/upcaster-chain.ts'

const account = streamId('account', '42')
const context: UpcastContext = { streamId: account, metadata: { userId: 'u1' } }

describe('a chain', () => {
  test('carries data on step by step from the version it was stored with', () => {
    const chain = new UpcasterChain('Paid', {
      version: 4,
      upcast: {
        1: (old: string) => `${old}1`,
        2: (old: string) => `${old}2`,
        3: (old: string) => `${old}3`,
      },
    })

    const carried = [1, 2, 3, 4].map((version) => chain.apply('data', version, context))

    expect(carried).toEqual(['data123', 'data23', 'data3', 'data'])
  })

  test('shows its steps the stream and the metadata', () => {
    const chain = new UpcasterChain('Paid', { version: 2, upcast: { 1: (_, seen) => seen } })

    expect(chain.apply('data', 1, context)).toEqual(context)
  })

  test('without steps is at version 1', () => {
    const chain = new UpcasterChain('Paid', { version: 1, upcast: {} })

    expect(chain.version).toBe(1)
    expect(chain.apply('data', 1, context)).toBe('data')
  })

  test.each<[string, number, Record<number, unknown>]>([
    ['a missing step', 3, { 2: () => 1 }],
    ['a step that is no function', 2, { 1: 'x' }],
    ['a step beyond the current version', 2, { 1: () => 1, 2: () => 1 }],
    ['a step from version 0', 2, { 0: () => 1, 1: () => 1 }],
  ])('is refused with %s', (_, version, upcast) => {
    const build = (): unknown =>
      new UpcasterChain('Paid', { version, upcast: upcast as Record<number, () => unknown> })

    expect(build).toThrow(TypeError)
  })
})

describe('upcasting', () => {
  test('depends on the stored event alone, however it is read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer(), { minLength: 1, maxLength: 9 }), async (amounts) => {
        const { older, store } = stores()
        const events = amounts.map((amount) => older.events.Paid({ amount }))
        await older.store.append(account, events, { expectedVersion: 0 })
        const read = await eventsOf(store.readStream(account))

        const readings = await Promise.all([
          eventsOf(store.readStream(account)),
          eventsOf(store.readStream(account, { pageSize: 2 })),
          eventsOf(store.readStream(account, { direction: 'backwards' })).then(reversed),
          eventsOf(store.readAll({ pageSize: 3 })),
        ])

        expect(read.map(({ data }) => data)).toEqual(
          amounts.map((amount) => ({ cents: amount * 100, of: account })),
        )
        expect(readings.map((each) => JSON.stringify(each))).toEqual(
          readings.map(() => JSON.stringify(read)),
        )
      }),
      { numRuns: 30 },
    )
  })

  test('does not run when an event is appended', async () => {
    const { store, current } = stores()

    await store.append(account, [current.Paid({ cents: 5, of: 'x' })], { expectedVersion: 0 })

    const [stored] = await eventsOf(store.readStream(account))
    expect([stored?.data, stored?.schemaVersion]).toEqual([{ cents: 5, of: 'x' }, 2])
  })

  test.each<[string, (old: { amount: number }) => unknown]>([
    ['throws', () => JSON.parse('{') as unknown],
    ['gives nothing', () => undefined],
    ['gives a promise', () => Promise.resolve({ cents: 5 })],
  ])('fails with the place of the event when a step %s', async (_, step) => {
    const { older, storage } = stores()
    await older.store.append(account, [older.events.Paid({ amount: 1 })], { expectedVersion: 0 })
    const broken = defineEvents('account', {
      Paid: event<unknown, [{ amount: number }]>({ upcast: { 1: step } }),
    })

    const read = eventsOf(createEventStore(storage, { catalogs: [broken] }).readStream(account))

    await expect(read).rejects.toMatchObject({
      code: 'UPCAST_FAILED',
      streamId: account,
      version: 1,
      type: 'Paid',
      cause: expect.any(Error),
    })
  })
})

const olderEvents = defineEvents('account', { Paid: event<{ amount: number }>() })

const currentEvents = defineEvents('account', {
  Paid: event<{ cents: number; of: string }, [{ amount: number }]>({
    upcast: { 1: (old, { streamId }) => ({ cents: old.amount * 100, of: streamId }) },
  }),
})

function stores(): {
  storage: MemoryEventStorage
  store: EventStore
  current: typeof currentEvents
  older: { store: EventStore; events: typeof olderEvents }
} {
  const storage = new MemoryEventStorage()
  return {
    storage,
    store: createEventStore(storage, { catalogs: [currentEvents] }),
    current: currentEvents,
    older: { store: createEventStore(storage, { catalogs: [olderEvents] }), events: olderEvents },
  }
}

const reversed = <Item>(items: readonly Item[]): readonly Item[] => items.toReversed()
