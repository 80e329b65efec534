import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { memoryEventStore } from '../../src/adapters/memory/index.ts'
import {
  InvalidVersionError,
  Repository,
  streamId,
  VersionNotReachedError,
} from '../../src/index.ts'
import { account, accountEvents } from '../domain/account.ts'

const day = (text: string): Date => new Date(`${text}T00:00:00Z`)
const deposited = (cents: number, occurredAt?: Date) =>
  accountEvents.MoneyDeposited({ cents }, { occurredAt })

/** Records one deposit a day, in this order: 1 cent, 10, 100 and so on; the list says when each occurred. */
async function recorded(occurred: readonly string[]): Promise<Repository> {
  let today = day('2026-01-01').getTime()
  const store = memoryEventStore({ catalogs: [accountEvents], now: () => new Date(today) })
  for (const [index, date] of occurred.entries()) {
    await store.append(streamId('account', '42'), [deposited(10 ** index, day(date))], {
      expectedVersion: index,
    })
    today += 24 * 3600 * 1000
  }
  return new Repository({ store })
}

describe('load', () => {
  test('gives the state after a version', async () => {
    const repository = await recorded(['2026-01-01', '2026-01-02', '2026-01-03'])

    const loaded = await repository.load(account, '42', { atVersion: 2 })

    expect(loaded).toMatchObject({ state: { cents: 11 }, version: 2, position: 2n })
  })

  test('gives what was known at a moment, whatever its events speak of', async () => {
    const repository = await recorded(['2026-01-01', '2025-06-01', '2026-01-03'])

    const { state } = await repository.load(account, '42', { recordedAt: day('2026-01-02') })

    expect(state.cents).toBe(11)
  })

  test('gives what was true at a moment, as known now', async () => {
    const repository = await recorded(['2026-01-01', '2025-06-01', '2025-07-01'])

    const { state, version } = await repository.load(account, '42', {
      occurredAt: day('2025-07-01'),
    })

    expect({ state, version }).toEqual({ state: { isClosed: false, cents: 110 }, version: 3 })
  })

  test('gives the initial state of a stream that is not written', async () => {
    const repository = await recorded([])

    const loaded = await repository.load(account, 'nobody')

    expect(loaded).toEqual({
      state: { isClosed: false, cents: 0 },
      version: 0,
      position: undefined,
    })
  })

  test('refuses a version that the stream has not reached', async () => {
    const repository = await recorded(['2026-01-01'])

    const refused = repository.load(account, '42', { atVersion: 2 })

    await expect(refused).rejects.toThrow(VersionNotReachedError)
  })

  test.each([-1, 1.5, Number.NaN])('refuses version %p', async (atVersion) => {
    const repository = await recorded(['2026-01-01'])

    const refused = repository.load(account, '42', { atVersion })

    await expect(refused).rejects.toThrow(InvalidVersionError)
  })

  test('refuses two moments at once, and an invalid date', async () => {
    const repository = await recorded(['2026-01-01'])

    const two = repository.load(account, '42', {
      atVersion: 1,
      recordedAt: day('2026-01-01'),
    })
    const invalid = repository.load(account, '42', { recordedAt: new Date('never') })

    await expect(two).rejects.toThrow(
      'A moment is one of atVersion, recordedAt and occurredAt; given: atVersion, recordedAt.',
    )
    await expect(invalid).rejects.toThrow('recordedAt is an invalid Date.')
  })

  test('at version v folds the first v events, for every history and v', async () => {
    const amounts = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 30 })

    await fc.assert(
      fc.asyncProperty(amounts, fc.nat(), async (cents, any) => {
        const store = memoryEventStore({ catalogs: [accountEvents] })
        await store.append(
          streamId('account', '1'),
          cents.map((each) => deposited(each)),
          { expectedVersion: 0 },
        )
        const version = any % (cents.length + 1)

        const { state } = await new Repository({ store }).load(account, '1', { atVersion: version })

        expect(state.cents).toBe(cents.slice(0, version).reduce((sum, each) => sum + each, 0))
      }),
    )
  })
})

describe('the clocks of servers', () => {
  /** Records deposits of 1, 10, 100 ... cents at these times of one day. */
  async function recordedAt(...times: readonly string[]): Promise<Repository> {
    let now = ''
    const clock = (): Date => new Date(`2026-01-01T${now}Z`)
    const store = memoryEventStore({ catalogs: [accountEvents], now: clock })
    for (const [index, time] of times.entries()) {
      now = time
      await store.append(streamId('account', '42'), [deposited(10 ** index)], {
        expectedVersion: index,
      })
    }
    return new Repository({ store })
  }
  const centsAt = async (repository: Repository, time: string): Promise<number> =>
    (await repository.load(account, '42', { recordedAt: new Date(`2026-01-01T${time}Z`) })).state
      .cents

  test('may give several events one time: all of them, or none, were known then', async () => {
    const repository = await recordedAt('12:00:00.000', '12:00:00.000', '12:00:00.001')

    expect(await centsAt(repository, '11:59:59.999')).toBe(0)
    expect(await centsAt(repository, '12:00:00.000')).toBe(11)
    expect(await centsAt(repository, '12:00:00.001')).toBe(111)
  })

  test('may step backwards: what was recorded by a moment counts, wherever it stands', async () => {
    const repository = await recordedAt('12:00:00.000', '11:00:00.000', '12:00:01.000')

    expect(await centsAt(repository, '11:30:00.000')).toBe(10)
    expect(await centsAt(repository, '12:00:00.000')).toBe(11)
  })

  test('leave the version of the last event that counts to be told', async () => {
    const repository = await recordedAt('12:00:00.000', '13:00:00.000', '11:00:00.000')

    const loaded = await repository.load(account, '42', {
      recordedAt: new Date('2026-01-01T12:00:00.000Z'),
    })

    expect(loaded).toMatchObject({ state: { cents: 101 }, version: 3, position: 3n })
  })
})

describe('history', () => {
  const versions = async (
    repository: Repository,
    range: { fromVersion?: number; toVersion?: number },
  ): Promise<readonly number[]> => {
    const found: number[] = []
    for await (const { event } of repository.history(account, '42', range))
      found.push(event.version)
    return found
  }

  test('keeps to its bounds, which are inclusive', async () => {
    const repository = await recorded(['2026-01-01', '2026-01-02', '2026-01-03'])

    expect(await versions(repository, {})).toEqual([1, 2, 3])
    expect(await versions(repository, { fromVersion: 2, toVersion: 2 })).toEqual([2])
    expect(await versions(repository, { fromVersion: 0, toVersion: 99 })).toEqual([1, 2, 3])
    expect(await versions(repository, { fromVersion: 4 })).toEqual([])
    expect(await versions(repository, { fromVersion: 3, toVersion: 2 })).toEqual([])
  })

  test.each([{ fromVersion: -1 }, { fromVersion: 1.5 }, { toVersion: -1 }, { toVersion: 2.5 }])(
    'refuses the bounds %p',
    async (range) => {
      const repository = await recorded(['2026-01-01'])

      await expect(versions(repository, range)).rejects.toThrow(InvalidVersionError)
    },
  )

  test('reads a long stream page by page, and no further than it is asked', async () => {
    const store = memoryEventStore({ catalogs: [accountEvents] })
    const events = Array.from({ length: 9000 }, () => deposited(1))
    await store.append(streamId('account', '42'), events, { expectedVersion: 0 })
    const sizes: number[] = []
    const counting = new Repository({
      store: {
        ...store,
        async *readStream(id, options) {
          for await (const page of store.readStream(id, options)) {
            sizes.push(page.events.length)
            yield page
          }
        },
      },
    })

    for await (const { event } of counting.history(account, '42')) if (event.version === 2500) break

    expect(sizes).toEqual([2000, 2000])
  })

  test('gives each event with the state after it', async () => {
    const repository = await recorded(['2026-01-01', '2026-01-02', '2026-01-03'])

    const life: (readonly [number, number])[] = []
    for await (const { state, event } of repository.history(account, '42', { fromVersion: 2 }))
      life.push([event.version, state.cents])

    expect(life).toEqual([
      [2, 11],
      [3, 111],
    ])
  })
})
