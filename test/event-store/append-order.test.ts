import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MemoryEventStorage } from '../../src/adapters/memory/memory-event-storage.ts'
import { createEventStore, type EventStorage, type StreamAppend } from '../../src/index.ts'
import { eventsOf, range } from '../../src/testing/contracts/event-store/reading.ts'
import { accountEvents, anyAccount } from './account-events.ts'
import { seededRandom } from '../faults/seeded-random.ts'
import { wrapStorage } from './wrap-storage.ts'

const { MoneyDeposited } = accountEvents
const catalogs = [accountEvents]

test('appends to one stream are written in the order of their calls, however slow or raced each is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1 }), async (seed) => {
      const storage = new MemoryEventStorage()
      const store = createEventStore(uneven(storage, seed), { catalogs })
      const accounts = range(1, 3).map(() => anyAccount())
      const random = seededRandom(seed)

      await Promise.all(
        range(1, 30).map((cents) => {
          const events = [MoneyDeposited({ cents })]
          const append = (streamId: (typeof accounts)[number]): StreamAppend => ({
            streamId,
            events,
            expectedVersion: 'any',
          })
          return random.chance(0.3)
            ? store.appendAll(accounts.map(append))
            : Promise.all(accounts.map((account) => store.append(account, events, ANY)))
        }),
      )

      for (const account of accounts) {
        const events = await eventsOf(store.readStream(account))
        expect(events.map(({ data }) => data)).toEqual(range(1, 30).map((cents) => ({ cents })))
      }
    }),
    { numRuns: 5 },
  )
})

test('an append does not wait for those to other streams', async () => {
  const storage = new MemoryEventStorage()
  const stuck = anyAccount()
  const store = createEventStore(
    wrapStorage(storage, {
      append: (appends) =>
        appends[0]?.streamId === stuck ? new Promise(() => undefined) : storage.append(appends),
    }),
    { catalogs },
  )

  void store.append(stuck, [MoneyDeposited({ cents: 1 })], ANY)
  const { version } = await store.append(anyAccount(), [MoneyDeposited({ cents: 1 })], ANY)

  expect(version).toBe(1)
})

test('an append whose deadline passed while it waited for its turn is not sent', async () => {
  const storage = new MemoryEventStorage()
  let attempts = 0
  const slow = wrapStorage(storage, {
    append: async (appends) => {
      attempts++
      await new Promise((resolve) => setTimeout(resolve, 120))
      return storage.append(appends)
    },
  })
  const store = createEventStore(slow, { catalogs, appendDeadlineMs: 100 })
  const account = anyAccount()

  const outcomes = await Promise.allSettled(
    range(1, 5).map((cents) => store.append(account, [MoneyDeposited({ cents })], ANY)),
  )

  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(outcomes[1]).toMatchObject({ reason: { code: 'APPEND_RACED' } })
  expect(attempts).toBe(1)
})

test('an append that failed does not fail the next one', async () => {
  const store = createEventStore(new MemoryEventStorage(), { catalogs })
  const account = anyAccount()

  const outcomes = await Promise.allSettled([
    store.append(account, [MoneyDeposited({ cents: 1 })], { expectedVersion: 7 }),
    store.append(account, [MoneyDeposited({ cents: 2 })], ANY),
  ])

  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
})

const ANY = { expectedVersion: 'any' } as const

/** A storage that takes its time, and calls every fifth append raced, as the seed has it. */
function uneven(inner: EventStorage, seed: number): EventStorage {
  const random = seededRandom(seed)
  return wrapStorage(inner, {
    append: async (appends) => {
      await new Promise((resolve) => setTimeout(resolve, random.below(3)))
      return random.chance(0.2)
        ? appends.map(() => ({ status: 'raced' as const }))
        : inner.append(appends)
    },
  })
}
