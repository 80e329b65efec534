import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MemoryEventStorage } from '../../src/adapters/memory/memory-event-storage.ts'
import {
  createEventStore,
  OutcomeUnknownError,
  WrongExpectedVersionError,
  type AppendResult,
  type EventStore,
  type RecordedEvent,
  type StreamId,
} from '../../src/index.ts'
import { eventsOf, range, versionsOf } from '../../src/testing/contracts/event-store/reading.ts'
import { accountEvents, anyAccount } from './account-events.ts'
import { fates, LATE_MS, lossyStorage, seededFates, type Fate } from './lossy-storage.ts'
import { wrapStorage } from './wrap-storage.ts'

const { AccountOpened, MoneyDeposited } = accountEvents
const catalogs = [accountEvents]

describe('an append whose reply is lost', () => {
  test('is there exactly once under versions, with its result, whatever the seed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const { lossy, honest } = stores(seededFates(seed))
        const accounts = range(1, 6).map(() => anyAccount())

        const results = await Promise.all(
          accounts.map((account) => appendInTurn(lossy, account, 3)),
        )

        await lateAppends()
        const streams = await Promise.all(
          accounts.map((account) => eventsOf(honest.readStream(account))),
        )
        expect(results.map(outcomesOf)).toEqual(streams.map(outcomesIn))
      }),
      { numRuns: 4 },
    )
  })

  test("is there exactly once under 'no-stream', with its result, whatever the seed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const { lossy, honest } = stores(seededFates(seed))
        const accounts = range(1, 8).map(() => anyAccount())

        const results = await Promise.all(accounts.map((account) => open(lossy, account)))

        await lateAppends()
        const streams = await Promise.all(
          accounts.map((account) => eventsOf(honest.readStream(account))),
        )
        expect(results.map(({ version }) => version)).toEqual(accounts.map(() => 2))
        expect(results.map(({ positions }) => positions)).toEqual(
          streams.map((events) => events.map(({ position }) => position)),
        )
      }),
      { numRuns: 4 },
    )
  })

  test('is there exactly once while others append to the same stream', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const { lossy, honest } = stores(seededFates(seed))
        const account = anyAccount()

        await Promise.all(range(1, 4).map((cents) => depositAtLast(lossy, account, cents)))

        await lateAppends()
        const events = await eventsOf(honest.readStream(account))
        expect(versionsOf(events)).toEqual(range(1, 4))
        expect(new Set(events.map(centsOf))).toEqual(new Set(range(1, 4)))
      }),
      { numRuns: 3 },
    )
  })

  test("is not repeated under 'any': its outcome is unknown", async () => {
    const { lossy, honest, attempts } = stores(fates('lost after', 'kept'))
    const account = anyAccount()

    const append = lossy.append(account, [MoneyDeposited({ cents: 1 })], { expectedVersion: 'any' })

    await expect(append).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', streamIds: [account] })
    expect(attempts()).toBe(1)
    expect(await eventsOf(honest.readStream(account))).toHaveLength(1)
  })

  test("is not repeated under 'stream-exists': its outcome is unknown", async () => {
    const { lossy, honest, attempts } = stores(fates('lost before', 'kept'))
    const account = anyAccount()
    await open(honest, account)

    const append = lossy.append(account, [MoneyDeposited({ cents: 1 })], {
      expectedVersion: 'stream-exists',
    })

    await expect(append).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false })
    expect(attempts()).toBe(1)
    expect(await eventsOf(honest.readStream(account))).toHaveLength(2)
  })

  test('is refused when another writer was first and the lost one wrote nothing', async () => {
    const { lossy, honest } = stores(fates('lost before', 'kept'))
    const account = anyAccount()
    const append = open(lossy, account)

    await open(honest, account)

    await expect(append).rejects.toMatchObject({ code: 'WRONG_EXPECTED_VERSION', actual: 2 })
  })

  test('is repeated until the deadline, then its outcome is unknown', async () => {
    const { lossy, attempts } = stores(fates('lost before'), { appendDeadlineMs: 200 })
    const start = performance.now()

    const append = open(lossy, anyAccount())

    await expect(append).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    expect(attempts()).toBeGreaterThan(1)
    expect(performance.now() - start).toBeGreaterThanOrEqual(200)
  })

  test('has an unknown outcome also when the store cannot be reached afterwards', async () => {
    const { lossy, honest } = stores(fates('lost after', 'unreachable'), { appendDeadlineMs: 200 })
    const account = anyAccount()

    const append = open(lossy, account)

    await expect(append).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      streamIds: [account],
      cause: { code: 'TEST_UNREACHABLE' },
    })
    expect(await eventsOf(honest.readStream(account))).toHaveLength(2)
  })

  test('has an unknown outcome also when only races follow: it may race with itself', async () => {
    const inner = new MemoryEventStorage()
    let attempts = 0
    const racing = wrapStorage(inner, {
      append: async (appends) => {
        if (attempts++ === 0) throw new OutcomeUnknownError(appends.map((each) => each.streamId))
        return appends.map(() => ({ status: 'raced' }))
      },
    })
    const store = createEventStore(racing, { catalogs, appendDeadlineMs: 100 })

    await expect(open(store, anyAccount())).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    expect(attempts).toBeGreaterThan(2)
  })

  test('is not repeated beside a stream that gets no events: that one may have moved', async () => {
    const { lossy, honest, attempts } = stores(fates('lost after', 'kept'))
    const [account, guard] = [anyAccount(), anyAccount()]
    await open(honest, guard)

    const appends = lossy.appendAll([
      { streamId: account, events: [AccountOpened({ owner: 'Ada' })], expectedVersion: 0 },
      { streamId: guard, events: [], expectedVersion: 2 },
    ])

    await expect(appends).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    expect(attempts()).toBe(1)
  })
})

test("repeats an append that was not sent, also under 'any'", async () => {
  const { lossy, honest, attempts } = stores(fates('unreachable', 'unreachable', 'kept'))
  const account = anyAccount()

  const { version } = await lossy.append(account, [MoneyDeposited({ cents: 1 })], {
    expectedVersion: 'any',
  })

  expect(version).toBe(1)
  expect(attempts()).toBe(3)
  expect(await eventsOf(honest.readStream(account))).toHaveLength(1)
})

test('gives the error of an unreachable store when the deadline is over', async () => {
  const { lossy } = stores(fates('unreachable'), { appendDeadlineMs: 100 })

  const append = open(lossy, anyAccount())

  await expect(append).rejects.toMatchObject({ code: 'TEST_UNREACHABLE', retryable: true })
})

test('runs an append again that raced with another one', async () => {
  const storage = new MemoryEventStorage()
  let races = 2
  const racing = wrapStorage(storage, {
    append: async (appends) =>
      races-- > 0 ? appends.map(() => ({ status: 'raced' })) : storage.append(appends),
  })

  const { version } = await open(createEventStore(racing, { catalogs }), anyAccount())

  expect(version).toBe(2)
})

test('passes any other error on untouched, after one attempt', async () => {
  let attempts = 0
  const broken = wrapStorage(new MemoryEventStorage(), {
    append: () => {
      attempts++
      return Promise.reject(new RangeError('broken'))
    },
  })

  const append = open(createEventStore(broken, { catalogs }), anyAccount())

  await expect(append).rejects.toEqual(new RangeError('broken'))
  expect(attempts).toBe(1)
})

describe('appendAll', () => {
  test('refuses to name a stream twice', async () => {
    const { honest } = stores(fates('kept'))
    const append = { streamId: anyAccount(), events: [], expectedVersion: 'any' } as const

    const appends = honest.appendAll([append, append])

    await expect(appends).rejects.toThrow('is named twice in one appendAll')
  })

  test('is refused with the reason of a storage that cannot', async () => {
    const storage = wrapStorage(new MemoryEventStorage(), {
      capabilities: { appendAll: { unsupported: 'the server is older than 25.1' } },
    })

    const appends = createEventStore(storage, { catalogs }).appendAll([])

    await expect(appends).rejects.toThrow('the server is older than 25.1')
  })
})

describe('a command id', () => {
  test.each([
    ['is empty', ''],
    ['is longer than 255 characters', 'x'.repeat(256)],
    ['holds U+0000', 'a\u0000'],
    ['holds half of a surrogate pair', 'a\ud800'],
  ])('is refused when it %s', async (_, commandId) => {
    const { honest } = stores(fates('kept'))

    const append = honest.append(anyAccount(), [], { expectedVersion: 'any', commandId })

    await expect(append).rejects.toThrow(TypeError)
  })
})

function stores(
  nextFate: () => Fate,
  options: { readonly appendDeadlineMs?: number } = {},
): { lossy: EventStore; honest: EventStore; attempts: () => number } {
  const storage = new MemoryEventStorage()
  let attempts = 0
  const counted = (): Fate => {
    attempts++
    return nextFate()
  }
  return {
    lossy: createEventStore(lossyStorage(storage, counted), {
      catalogs,
      ...options,
    }),
    honest: createEventStore(storage, { catalogs }),
    attempts: () => attempts,
  }
}

const open = (store: EventStore, account: StreamId): Promise<AppendResult> =>
  store.append(account, [AccountOpened({ owner: 'Ada' }), MoneyDeposited({ cents: 1 })], {
    expectedVersion: 'no-stream',
  })

async function appendInTurn(
  store: EventStore,
  account: StreamId,
  count: number,
): Promise<readonly AppendResult[]> {
  const results: AppendResult[] = []
  for (let version = 0; version < count; version++)
    results.push(
      await store.append(account, [MoneyDeposited({ cents: version })], {
        expectedVersion: version,
      }),
    )
  return results
}

async function depositAtLast(store: EventStore, account: StreamId, cents: number): Promise<void> {
  let expectedVersion = 0
  for (;;)
    try {
      await store.append(account, [MoneyDeposited({ cents })], { expectedVersion })
      return
    } catch (error) {
      if (!(error instanceof WrongExpectedVersionError)) throw error
      expectedVersion = error.actual
    }
}

const outcomesOf = (results: readonly AppendResult[]): readonly unknown[] =>
  results.map(({ version, position, recordedAt }) => ({ version, position, recordedAt }))

const outcomesIn = (events: readonly RecordedEvent[]): readonly unknown[] =>
  events.map(({ version, position, recordedAt }) => ({ version, position, recordedAt }))

const centsOf = ({ data }: RecordedEvent): number => (data as { cents: number }).cents

const lateAppends = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, 2 * LATE_MS)
  })

describe('an append that is raced', () => {
  const racedBy = (times: number) => {
    const inner = new MemoryEventStorage()
    let left = times
    return wrapStorage(inner, {
      append: async (appends) =>
        left-- > 0 ? appends.map(() => ({ status: 'raced' as const })) : inner.append(appends),
    })
  }

  test('is tried again until it is decided', async () => {
    const store = createEventStore(racedBy(5), { catalogs })

    const { version } = await store.append(anyAccount(), [MoneyDeposited({ cents: 1 })], {
      expectedVersion: 'any',
    })

    expect(version).toBe(1)
  })

  test('is given up at the deadline, with nothing written', async () => {
    const store = createEventStore(racedBy(Infinity), { catalogs, appendDeadlineMs: 50 })

    const refused = store.append(anyAccount(), [MoneyDeposited({ cents: 1 })], {
      expectedVersion: 'any',
    })

    await expect(refused).rejects.toMatchObject({ code: 'APPEND_RACED', retryable: true })
    expect(await store.head()).toBeUndefined()
  })
})
