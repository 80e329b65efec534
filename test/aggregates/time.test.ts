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

describe('history', () => {
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
