import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MemoryEventStorage } from '../../src/adapters/memory/memory-event-storage.ts'
import {
  createEventStore,
  globalPosition,
  type EventStorage,
  type EventStore,
  type GlobalPosition,
  type StoredLogPage,
} from '../../src/index.ts'
import {
  eventsOf,
  idsOf,
  pagesOf,
  range,
  takeEvents,
  versionsOf,
} from '../../src/testing/contracts/event-store/reading.ts'
import { accountEvents, anyAccount } from './account-events.ts'
import { UnreachableError } from './lossy-storage.ts'
import { wrapStorage } from './wrap-storage.ts'

const catalogs = [accountEvents]
const NEVER_MS = 20_000

describe('readAll', () => {
  test('gives the same events in pages of any size, with and without a filter', async () => {
    const storage = await storageOf(12)
    const store = createEventStore(storage, { catalogs })
    const all = idsOf(await eventsOf(store.readAll()))

    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 15 }), async (pageSize) => {
        const filtered = store.readAll({ pageSize, types: ['MoneyDeposited', 'Other'] })

        expect(idsOf(await eventsOf(store.readAll({ pageSize })))).toEqual(all)
        expect(idsOf(await eventsOf(filtered))).toEqual(all)
      }),
    )
  })

  test('asks with every page whether the log still contains the checkpoint', async () => {
    let log = await storageOf(6)
    const switched = wrapStorage(log, { readAllPage: (page) => log.readAllPage(page) })
    const signal = AbortSignal.timeout(2000)
    const read = createEventStore(switched, { catalogs }).readAll({ pageSize: 1, signal })
    const pages = read[Symbol.asyncIterator]()
    await pages.next()

    log = await storageOf(2)

    const rest = eventsOf({ [Symbol.asyncIterator]: () => pages })
    await expect(rest).rejects.toMatchObject({ code: 'STORE_REWOUND', head: { position: 2n } })
  })

  test('has asked for the next page, at the end of a turn, before it hands the current one on', async () => {
    const requests: unknown[] = []
    const storage = await storageOf(4)
    const counted = wrapStorage(storage, {
      readAllPage: (page) => {
        process.nextTick(() => requests.push(page.after?.position))
        return storage.readAllPage(page)
      },
    })
    const read = createEventStore(counted, { catalogs }).readAll({ pageSize: 2 })

    await read[Symbol.asyncIterator]().next()

    expect(requests).toEqual([undefined, 2n])
  })

  test('waits at the place that an unfinished append holds, then goes on', async () => {
    const storage = await storageOf(6)
    const held = new HeldLog(storage, 3n)
    const store = createEventStore(held.storage, { catalogs, pollIntervalMs: 5 })
    const read = pagesOf(store.readAll({ until: 5n as GlobalPosition }))
    await delay(40)

    held.holdAt(undefined)

    const pages = await read
    expect(pages.map(({ events }) => events.map(({ version }) => version))).toEqual([
      [1, 2, 3],
      [4, 5],
    ])
  })

  test('reads as far as it was asked though a page tells of an earlier head than one before it', async () => {
    const storage = await storageOf(10)
    // Asked without a look at what is safe, a connection answers by the head that it knew last.
    const forgetful = wrapStorage(storage, {
      readAllPage: async (page) => {
        if (page.isBelowHead !== true) return storage.readAllPage(page)
        const until = globalPosition(Math.min(7, Number(page.until ?? 7)))
        const known = await storage.readAllPage({ ...page, until })
        const head = { position: globalPosition(7), eventId: known.through?.eventId ?? '' }
        return known.isFull ? { ...known, head } : storage.readAllPage(page)
      },
    })
    const store = createEventStore(forgetful, { catalogs })

    const events = await eventsOf(store.readAll({ until: globalPosition(10), pageSize: 3 }))

    expect(events.map(({ position }) => Number(position))).toEqual(range(1, 10))
  })

  test('repeats nothing when the place that the log is held at falls back', async () => {
    const held = new HeldLog(await storageOf(6), 3n)
    const store = createEventStore(held.storage, { catalogs, pollIntervalMs: 5 })
    const read = eventsOf(store.readAll({ until: 5n as GlobalPosition }))
    await delay(40)
    held.holdAt(1n)
    await delay(40)

    held.holdAt(undefined)

    expect(versionsOf(await read)).toEqual([1, 2, 3, 4, 5])
  })

  test('ends where the log ended when the reading began', async () => {
    const storage = await storageOf(4)
    const store = createEventStore(storage, { catalogs })
    const pages = store.readAll({ pageSize: 2 })[Symbol.asyncIterator]()
    await pages.next()

    await deposit(store, 3)

    expect(await eventsOf({ [Symbol.asyncIterator]: () => pages })).toHaveLength(2)
  })

  test('reads nothing of an empty log', async () => {
    const store = createEventStore(new MemoryEventStorage(), { catalogs })

    expect(await pagesOf(store.readAll())).toEqual([])
    expect(await store.head()).toBeUndefined()
  })

  test('passes an error of the storage on', async () => {
    const store = createEventStore(failing(Infinity), { catalogs })

    await expect(pagesOf(store.readAll())).rejects.toBeInstanceOf(UnreachableError)
  })

  test('passes on an error of a page that was asked for ahead, in its turn', async () => {
    const storage = await storageOf(4)
    const broken = wrapStorage(storage, {
      readAllPage: (page) =>
        page.after === undefined ? storage.readAllPage(page) : Promise.reject(new Error('broken')),
    })
    const pages = createEventStore(broken, { catalogs }).readAll({ pageSize: 2 })
    const turns = pages[Symbol.asyncIterator]()

    const first = await turns.next()
    await delay(10)

    expect(first.done).toBe(false)
    await expect(turns.next()).rejects.toThrow('broken')
  })

  test.each([0, -1, 1.5, 10_001, Number.NaN])('refuses a page size of %d', async (pageSize) => {
    const store = createEventStore(new MemoryEventStorage(), { catalogs })

    await expect(pagesOf(store.readAll({ pageSize }))).rejects.toThrow(RangeError)
  })

  test('refuses an empty list of types or categories', async () => {
    const store = createEventStore(new MemoryEventStorage(), { catalogs })

    await expect(pagesOf(store.readAll({ types: [] }))).rejects.toThrow(TypeError)
    await expect(pagesOf(store.readAll({ categories: [] }))).rejects.toThrow(TypeError)
  })

  test('reads nothing when its signal has already fired', async () => {
    const store = createEventStore(await storageOf(2), { catalogs })
    const signal = AbortSignal.abort(new Error('enough'))

    await expect(pagesOf(store.readAll({ signal }))).rejects.toThrow('enough')
  })
})

describe('subscribe', () => {
  test('wakes by an append that came between its page and its pause', async () => {
    const storage = new MemoryEventStorage()
    let beforeReply = async (): Promise<void> => undefined
    const slow = wrapStorage(storage, {
      readAllPage: async (page) => {
        const reply = await storage.readAllPage(page)
        await beforeReply()
        return reply
      },
    })
    const store = createEventStore(slow, { catalogs, pollIntervalMs: NEVER_MS })
    beforeReply = async () => {
      beforeReply = async () => undefined
      await deposit(store, 1)
    }

    const following = takeEvents(store.subscribe({ signal: AbortSignal.timeout(2000) }), 1)

    await expect(following).resolves.toHaveLength(1)
  })

  test('wakes all who follow by one append', async () => {
    const store = createEventStore(new MemoryEventStorage(), {
      catalogs,
      pollIntervalMs: NEVER_MS,
    })
    const signal = AbortSignal.timeout(2000)
    const followers = range(1, 3).map(() => takeEvents(store.subscribe({ signal }), 1))
    await delay(10)

    await deposit(store, 1)

    await expect(Promise.all(followers)).resolves.toHaveLength(3)
  })

  test('outwaits a store that cannot be reached', async () => {
    const store = createEventStore(failing(3, await storageOf(2)), { catalogs })

    const events = await takeEvents(store.subscribe(), 2)

    expect(events).toHaveLength(2)
  })

  test('ends at once by its signal while the store cannot be reached', async () => {
    const store = createEventStore(failing(Infinity), { catalogs })
    const signal = AbortSignal.timeout(1000)
    const start = performance.now()

    const following = takeEvents(store.subscribe({ signal }), 1)

    await expect(following).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(performance.now() - start).toBeLessThan(1300)
  })

  test('ends with an error that does not pass', async () => {
    const broken = wrapStorage(new MemoryEventStorage(), {
      readAllPage: () => Promise.reject(new Error('broken')),
    })

    const following = takeEvents(createEventStore(broken, { catalogs }).subscribe(), 1)

    await expect(following).rejects.toThrow('broken')
  })

  test('leaves nothing running when it is left while the store cannot be reached', async () => {
    const storage = await storageOf(4)
    let requests = 0
    const broken = wrapStorage(storage, {
      readAllPage: (page) => {
        requests++
        return page.after === undefined
          ? storage.readAllPage(page)
          : Promise.reject(new UnreachableError('Down.'))
      },
    })

    await takeEvents(createEventStore(broken, { catalogs }).subscribe({ pageSize: 2 }), 2)
    await delay(200)

    expect(requests).toBe(2)
  })
})

/** A log whose safe head stands still, as if an append below the later ones were not finished. */
class HeldLog {
  readonly storage: EventStorage
  #heldAt: bigint | undefined

  constructor(inner: EventStorage, heldAt: bigint) {
    this.#heldAt = heldAt
    this.storage = wrapStorage(inner, {
      readAllPage: async (page): Promise<StoredLogPage> => {
        const hold = this.#heldAt as GlobalPosition | undefined
        if (hold === undefined) return inner.readAllPage(page)
        const until = page.until !== undefined && page.until < hold ? page.until : hold
        const held = await inner.readAllPage({ ...page, until })
        return { ...held, head: held.through }
      },
    })
  }

  holdAt(position: bigint | undefined): void {
    this.#heldAt = position
  }
}

/** Cannot be reached for some requests. */
function failing(times: number, inner: EventStorage = new MemoryEventStorage()): EventStorage {
  let left = times
  return wrapStorage(inner, {
    readAllPage: (page) =>
      left-- > 0 ? Promise.reject(new UnreachableError('Down.')) : inner.readAllPage(page),
  })
}

async function storageOf(count: number): Promise<MemoryEventStorage> {
  const storage = new MemoryEventStorage()
  await deposit(createEventStore(storage, { catalogs }), count)
  return storage
}

async function deposit(store: EventStore, count: number): Promise<void> {
  const events = range(1, count).map((cents) => accountEvents.MoneyDeposited({ cents }))
  await store.append(anyAccount(), events, { expectedVersion: 'no-stream' })
}

const delay = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

test('calls a page below the head only as far as a head that was told before', async () => {
  const storage = new MemoryEventStorage()
  const store = createEventStore(storage, { catalogs })
  for (let cents = 1; cents <= 5; cents++)
    await store.append(anyAccount(), [accountEvents.MoneyDeposited({ cents })], {
      expectedVersion: 'any',
    })
  const asked: unknown[] = []
  const watched = createEventStore(
    wrapStorage(storage, {
      readAllPage: (range) => {
        const { until, isBelowHead } = range
        asked.push({ until, isBelowHead })
        return storage.readAllPage(range)
      },
    }),
    { catalogs },
  )

  const until = globalPosition(6)
  const pages = watched.readAll({ until, pageSize: 2 })[Symbol.asyncIterator]()
  for (let page = 1; page <= 3; page++) await pages.next()
  const rest = pages.next()
  await store.append(anyAccount(), [accountEvents.MoneyDeposited({ cents: 6 })], {
    expectedVersion: 'any',
  })
  await rest
  expect(await pages.next()).toMatchObject({ done: true })

  expect(asked.slice(0, 3)).toEqual([
    { until, isBelowHead: false },
    { until: 5n, isBelowHead: true },
    { until: 5n, isBelowHead: true },
  ])
  expect(asked.at(-1)).toEqual({ until, isBelowHead: false })
})
