import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MemoryEventStorage } from '../../src/adapters/memory/memory-event-storage.ts'
import {
  createEventStore,
  type EventStore,
  type ReadStreamOptions,
  type StoredEvent,
  type StreamId,
} from '../../src/index.ts'
import {
  eventsOf,
  pagesOf,
  range,
  versionsOf,
} from '../../src/testing/contracts/event-store/reading.ts'
import { accountEvents, anyAccount } from './account-events.ts'
import { wrapStorage } from './wrap-storage.ts'

const catalogs = [accountEvents]

test('gives what its bounds ask for, in pages of any size', async () => {
  const { store, account } = await streamOf(10)
  const bound = fc.integer({ min: 0, max: 12 })
  const options = fc.record({
    fromVersion: bound,
    toVersion: bound,
    maxCount: fc.integer({ min: 1, max: 12 }),
    pageSize: fc.integer({ min: 1, max: 12 }),
    direction: fc.constantFrom<'forwards' | 'backwards'>('forwards', 'backwards'),
  })

  await fc.assert(
    fc.asyncProperty(options, async (asked) => {
      const pages = await pagesOf(store.readStream(account, asked))

      expect(versionsOf(pages.flatMap(({ events }) => events))).toEqual(expectedVersions(asked))
      expect(
        pages.every(({ events, version }) => events.length <= asked.pageSize && version === 10),
      ).toBe(true)
      expect(pages.slice(1).every(({ events }) => events.length > 0)).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('has asked for the next page, at the end of a turn, before it hands the current one on', async () => {
  const { storage, account } = await streamOf(4)
  const requests: number[] = []
  const counted = wrapStorage(storage, {
    readStreamPage: (id, page, take) => {
      process.nextTick(() => requests.push(page.fromVersion))
      return storage.readStreamPage(id, page, take)
    },
  })
  const read = createEventStore(counted, { catalogs }).readStream(account, { pageSize: 2 })

  await read[Symbol.asyncIterator]().next()

  expect(requests).toEqual([1, 3])
})

test('passes on an error of a page that was asked for ahead, in its turn', async () => {
  const { storage, account } = await streamOf(4)
  const broken = wrapStorage(storage, {
    readStreamPage: (id, page, take) =>
      page.fromVersion === 1
        ? storage.readStreamPage(id, page, take)
        : Promise.reject(new Error('broken')),
  })
  const store = createEventStore(broken, { catalogs })
  const turns = store.readStream(account, { pageSize: 2 })[Symbol.asyncIterator]()

  const first = await turns.next()
  await new Promise((resolve) => setTimeout(resolve, 10))

  expect(first.done).toBe(false)
  await expect(turns.next()).rejects.toThrow('broken')
})

test('decodes an event when it arrives', async () => {
  const { storage, account } = await streamOf(3)
  const steps: string[] = []
  const watched = wrapStorage(storage, {
    readStreamPage: (id, page, take) =>
      storage.readStreamPage(id, page, (stored) => {
        take(Object.defineProperty({ ...stored }, 'data', { get: () => noted(stored) }))
        steps.push(`arrived ${stored.version}`)
      }),
  })
  const noted = ({ version, data }: StoredEvent): string => {
    steps.push(`decoded ${version}`)
    return data
  }

  await pagesOf(createEventStore(watched, { catalogs }).readStream(account))

  expect(steps).toEqual(
    [1, 2, 3].flatMap((version) => [`decoded ${version}`, `arrived ${version}`]),
  )
})

test('fails a page with an event that cannot be decoded', async () => {
  const { storage, account } = await streamOf(3)
  const altered = wrapStorage(storage, {
    readStreamPage: (id, page, take) =>
      storage.readStreamPage(id, page, (stored) => {
        take({ ...stored, type: stored.version === 2 ? 'Unheard' : stored.type })
      }),
  })

  const read = pagesOf(createEventStore(altered, { catalogs }).readStream(account))

  await expect(read).rejects.toMatchObject({ code: 'UNKNOWN_EVENT_TYPE', type: 'Unheard' })
})

describe('a read is refused', () => {
  test.each<[string, ReadStreamOptions, object]>([
    [
      'a negative fromVersion',
      { fromVersion: -1 },
      { code: 'INVALID_VERSION', option: 'fromVersion' },
    ],
    [
      'a fractional toVersion',
      { toVersion: 1.5 },
      { code: 'INVALID_VERSION', option: 'toVersion' },
    ],
    [
      'a toVersion of NaN',
      { toVersion: Number.NaN },
      { code: 'INVALID_VERSION', value: Number.NaN },
    ],
    ['a maxCount of 0', { maxCount: 0 }, { name: 'RangeError' }],
    ['a fractional maxCount', { maxCount: 1.5 }, { name: 'RangeError' }],
    ['a pageSize of 0', { pageSize: 0 }, { name: 'RangeError' }],
  ])('with %s', async (_, options, error) => {
    const { store, account } = await streamOf(1)

    const read = eventsOf(store.readStream(account, options))

    await expect(read).rejects.toMatchObject(error)
  })
})

function expectedVersions(
  asked: Required<Pick<ReadStreamOptions, 'direction'>> & ReadStreamOptions,
) {
  const { fromVersion = 1, toVersion = 10, maxCount, direction } = asked
  const between = range(1, 10).filter((version) => version >= fromVersion && version <= toVersion)
  return (direction === 'forwards' ? between : between.toReversed()).slice(0, maxCount)
}

async function streamOf(
  count: number,
): Promise<{ store: EventStore; storage: MemoryEventStorage; account: StreamId }> {
  const storage = new MemoryEventStorage()
  const store = createEventStore(storage, { catalogs })
  const account = anyAccount()
  const events = range(1, count).map((cents) => accountEvents.MoneyDeposited({ cents }))
  await store.append(account, events, { expectedVersion: 'no-stream' })
  return { store, storage, account }
}
