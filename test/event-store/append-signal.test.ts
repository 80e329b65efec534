import { expect, test } from '@jest/globals'
import { MemoryEventStorage } from '../../src/adapters/memory/memory-event-storage.ts'
import { createEventStore, type AppendVerdict, type EventStore } from '../../src/index.ts'
import { accountEvents, anyAccount } from './account-events.ts'
import { UnreachableError } from './lossy-storage.ts'
import { wrapStorage } from './wrap-storage.ts'

const { MoneyDeposited } = accountEvents
const enough = new Error('Enough.')

test('a signal ends an append that is under way with an unknown outcome: it may be written', async () => {
  const { store, answer, sent } = storeThatThinks()
  const stop = new AbortController()
  const account = anyAccount()
  const append = store.append(account, [MoneyDeposited({ cents: 1 })], {
    expectedVersion: 'no-stream',
    signal: stop.signal,
  })
  await sent()

  stop.abort(enough)

  await expect(append).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', cause: enough })
  answer()
  const next = await store.append(account, [MoneyDeposited({ cents: 2 })], {
    expectedVersion: 'any',
  })
  expect(next.version).toBe(2)
})

test('a signal ends an append that waits for its turn with the reason, and it is never written', async () => {
  const { store, answer, sent } = storeThatThinks()
  const stop = new AbortController()
  const account = anyAccount()
  const options = { expectedVersion: 'any' } as const
  const first = store.append(account, [MoneyDeposited({ cents: 1 })], options)
  const second = store.append(account, [MoneyDeposited({ cents: 2 })], {
    ...options,
    signal: stop.signal,
  })
  await sent()

  stop.abort(enough)

  await expect(second).rejects.toBe(enough)
  answer()
  await first
  const third = await store.append(account, [MoneyDeposited({ cents: 3 })], options)
  expect(third.version).toBe(2)
})

test('a signal ends the attempts of an append that is raced, with the reason', async () => {
  let attempts = 0
  const stop = new AbortController()
  const raced = wrapStorage(new MemoryEventStorage(), {
    append: async (appends): Promise<readonly AppendVerdict[]> => {
      if (++attempts === 5) setTimeout(stop.abort.bind(stop), 0, enough)
      return appends.map(() => ({ status: 'raced' }))
    },
  })
  const store = createEventStore(raced, { catalogs: [accountEvents] })

  const append = store.append(anyAccount(), [MoneyDeposited({ cents: 1 })], {
    expectedVersion: 'any',
    signal: stop.signal,
  })

  await expect(append).rejects.toBe(enough)
  const madeBefore = attempts
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(attempts).toBeLessThanOrEqual(madeBefore + 1)
})

test('a signal that aborts in the pause before a repetition keeps it from being sent', async () => {
  let attempts = 0
  const stop = new AbortController()
  const inner = new MemoryEventStorage()
  const away = wrapStorage(inner, {
    append: async (appends) => {
      if (++attempts > 1) return inner.append(appends)
      setTimeout(stop.abort.bind(stop), 0, enough)
      throw new UnreachableError('Down.')
    },
  })
  const store = createEventStore(away, { catalogs: [accountEvents] })
  const account = anyAccount()

  const append = store.append(account, [MoneyDeposited({ cents: 1 })], {
    expectedVersion: 'any',
    signal: stop.signal,
  })

  await expect(append).rejects.toBe(enough)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(attempts).toBe(1)
})

/** The first append to it is not answered, or written, before `answer()`. */
function storeThatThinks(): { store: EventStore; answer: () => void; sent: () => Promise<void> } {
  const inner = new MemoryEventStorage()
  let answer = (): void => undefined
  const thinking = new Promise<void>((resolve) => {
    answer = resolve
  })
  let isSent = (): void => undefined
  const sent = new Promise<void>((resolve) => {
    isSent = resolve
  })
  const slow = wrapStorage(inner, {
    append: async (appends) => {
      isSent()
      await thinking
      return inner.append(appends)
    },
  })
  return {
    store: createEventStore(slow, { catalogs: [accountEvents] }),
    answer,
    sent: () => sent,
  }
}
