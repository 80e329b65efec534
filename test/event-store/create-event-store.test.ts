import { expect, test } from '@jest/globals'
import { memoryEventStore } from '../../src/adapters/memory/memory-event-store.ts'
import { defineEvents, event } from '../../src/index.ts'
import { eventsOf } from '../../src/testing/contracts/event-store/reading.ts'
import { accountEvents, anyAccount } from './account-events.ts'

test('refuses two catalogs of one category', () => {
  const again = defineEvents('account', { AccountClosed: event<null>() })

  expect(() => memoryEventStore({ catalogs: [accountEvents, again] })).toThrow(
    "Two catalogs declare one category: 'account'.",
  )
})

test('tells what its storage can do', () => {
  const store = memoryEventStore({ catalogs: [accountEvents] })

  expect(store.capabilities).toEqual({ appendAll: true })
})

test('takes recordedAt from the clock it was given', async () => {
  const now = new Date('2024-02-29T12:34:56.789Z')
  const store = memoryEventStore({ catalogs: [accountEvents], now: () => now })
  const account = anyAccount()

  const { recordedAt } = await store.append(account, [accountEvents.NoteAdded(1)], {
    expectedVersion: 0,
  })

  const [stored] = await eventsOf(store.readStream(account))
  expect([recordedAt, stored?.recordedAt, stored?.occurredAt]).toEqual([now, now, now])
})

test('keeps its own log', async () => {
  const [one, other] = [
    memoryEventStore({ catalogs: [accountEvents] }),
    memoryEventStore({ catalogs: [accountEvents] }),
  ]

  await one.append(anyAccount(), [accountEvents.NoteAdded(1)], { expectedVersion: 0 })

  expect(await one.head()).toMatchObject({ position: 1n })
  expect(await other.head()).toBeUndefined()
})
