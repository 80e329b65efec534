import { expect, test } from '@jest/globals'
import { MemoryEventStorage } from '../../src/adapters/memory/memory-event-storage.ts'
import { createEventStore, defineEvents, event, type RecordedEvent } from '../../src/index.ts'
import { eventsOf } from '../../src/testing/contracts/event-store/reading.ts'
import { accountEvents, anyAccount } from './account-events.ts'

const earlierEvents = defineEvents('account', { MoneyDeposited: event<{ amount: number }>() })
const now = new Date('2024-02-29T12:00:00.000Z')

test('is written to JSON whole, with its position as decimal text', async () => {
  const { stored } = await storedDeposit()

  expect(JSON.parse(JSON.stringify(stored))).toEqual({
    streamId: stored.streamId,
    version: 1,
    position: '1',
    id: stored.id,
    type: 'MoneyDeposited',
    data: { amount: 1.5 },
    schemaVersion: 1,
    metadata: { userId: 'u1' },
    occurredAt: now.toISOString(),
    recordedAt: now.toISOString(),
  })
})

test('is written to JSON whole after it was upcast', async () => {
  const { stored, upcast } = await storedDeposit()

  expect(JSON.parse(JSON.stringify(upcast))).toEqual({
    ...(JSON.parse(JSON.stringify(stored)) as object),
    data: { cents: 150 },
    schemaVersion: 2,
  })
})

test('hands out metadata that cannot be changed, and dates that are copies', async () => {
  const { stored } = await storedDeposit()

  stored.recordedAt.setFullYear(1900)

  expect(Object.isFrozen(stored.metadata)).toBe(true)
  expect(stored.recordedAt).toEqual(now)
})

test('does not change when data handed out before is changed', async () => {
  const { store, stored } = await storedDeposit()

  ;(stored.data as { amount: number }).amount = 0

  const [again] = await eventsOf(store.readStream(stored.streamId))
  expect(again?.data).toEqual({ amount: 1.5 })
})

async function storedDeposit() {
  const storage = new MemoryEventStorage({ now: () => now })
  const store = createEventStore(storage, { catalogs: [earlierEvents] })
  const account = anyAccount()
  const deposit = earlierEvents.MoneyDeposited({ amount: 1.5 }, { metadata: { userId: 'u1' } })
  await store.append(account, [deposit], { expectedVersion: 0 })
  const newer = createEventStore(storage, { catalogs: [accountEvents] })
  const [stored] = await eventsOf(store.readStream(account))
  const [upcast] = await eventsOf(newer.readStream(account))
  return { store, stored: stored as RecordedEvent, upcast: upcast as RecordedEvent }
}
