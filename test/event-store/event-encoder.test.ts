import { describe, expect, test } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { memoryEventStore } from '../../src/adapters/memory/memory-event-store.ts'
import {
  defineEvents,
  event,
  streamId,
  type DomainEvent,
  type EventStore,
} from '../../src/index.ts'
import { eventsOf } from '../../src/testing/contracts/event-store/reading.ts'
import { accountEvents, anyAccount } from './account-events.ts'

describe('an append is refused before anything is written', () => {
  test('when no catalog declares the type of an event', async () => {
    const store = memoryEventStore({ catalogs: [accountEvents] })

    const append = appendTo(store, [{ type: 'BonusPaid', data: {} }])

    await expect(append).rejects.toMatchObject({
      code: 'UNKNOWN_EVENT_TYPE',
      type: 'BonusPaid',
      message: expect.stringContaining('AccountOpened, MoneyDeposited, InterestPaid, NoteAdded'),
    })
    expect(await store.head()).toBeUndefined()
  })

  test('when the type is declared, but in another category', async () => {
    const store = memoryEventStore({ catalogs: [accountEvents] })
    const customer = streamId('customer', '1')

    const append = store.append(customer, [accountEvents.NoteAdded(1)], { expectedVersion: 0 })

    await expect(append).rejects.toMatchObject({ code: 'UNKNOWN_EVENT_TYPE', streamId: customer })
  })

  test('when the validator refuses its data, with what it said', async () => {
    const store = memoryEventStore({ catalogs: [accountEvents] })
    const interest = accountEvents.InterestPaid({ cents: -1, rates: [1, 'x' as unknown as number] })

    const append = appendTo(store, [accountEvents.AccountOpened({ owner: 'Ada' }), interest])

    await expect(append).rejects.toMatchObject({
      code: 'EVENT_DATA_REFUSED',
      type: 'InterestPaid',
      issues: [expect.stringMatching(/^cents: /), expect.stringMatching(/^rates\.1: /)],
    })
    expect(await store.head()).toBeUndefined()
  })

  test('when its validator is asynchronous', async () => {
    const schema = z.object({ cents: z.number() }).refine(async ({ cents }) => cents > 0)
    const catalog = defineEvents('account', { InterestPaid: event({ schema }) })
    const store = memoryEventStore({ catalogs: [catalog] })

    const append = appendTo(store, [catalog.InterestPaid({ cents: 1 })])

    await expect(append).rejects.toThrow("The validator of 'InterestPaid' is asynchronous.")
  })

  test('when a validator answers with a promise that fails later', async () => {
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => Promise.reject(new Error('late')),
      },
    } as const
    const catalog = defineEvents('account', { InterestPaid: event<unknown>({ schema }) })
    const store = memoryEventStore({ catalogs: [catalog] })

    const append = appendTo(store, [catalog.InterestPaid(1)])

    await expect(append).rejects.toThrow("The validator of 'InterestPaid' is asynchronous.")
  })

  test.each<[string, Partial<DomainEvent>]>([
    ['id is no UUID', { id: '42' }],
    ['occurredAt is no date', { occurredAt: new Date('yesterday') }],
    ['metadata is a list', { metadata: [] as unknown as Record<string, unknown> }],
    ['metadata is null', { metadata: null as unknown as Record<string, unknown> }],
  ])('when its %s', async (_, bad) => {
    const store = memoryEventStore({ catalogs: [accountEvents] })

    const append = appendTo(store, [{ ...accountEvents.NoteAdded(1), ...bad }])

    await expect(append).rejects.toMatchObject({ code: 'INVALID_EVENT', type: 'NoteAdded' })
  })
})

test('stores what the validator was given, not what it makes of it', async () => {
  const schema = z.object({ cents: z.coerce.number() }) as unknown as z.ZodType<{ cents: number }>
  const catalog = defineEvents('account', { InterestPaid: event({ schema }) })
  const store = memoryEventStore({ catalogs: [catalog] })
  const data = { cents: '5' as unknown as number }

  const account = await appendTo(store, [catalog.InterestPaid(data)])

  const [stored] = await eventsOf(store.readStream(account))
  expect(stored?.data).toEqual({ cents: '5' })
})

test('stores ids in lower case', async () => {
  const store = memoryEventStore({ catalogs: [accountEvents] })
  const id = randomUUID()

  const account = await appendTo(store, [accountEvents.NoteAdded(1, { id: id.toUpperCase() })])

  const [stored] = await eventsOf(store.readStream(account))
  expect(stored?.id).toBe(id)
})

test('makes ids with newId', async () => {
  const id = randomUUID()
  const store = memoryEventStore({ catalogs: [accountEvents], newId: () => id })

  const account = await appendTo(store, [accountEvents.NoteAdded(1)])

  const [stored] = await eventsOf(store.readStream(account))
  expect(stored?.id).toBe(id)
})

async function appendTo(store: EventStore, events: readonly DomainEvent[]) {
  const account = anyAccount()
  await store.append(account, events, { expectedVersion: 'no-stream' })
  return account
}
