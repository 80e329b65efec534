import { describe, expect, test } from '@jest/globals'
import { DatabaseError } from '../../../src/adapters/postgres/database/database-error.ts'
import { DatabaseUnavailableError } from '../../../src/adapters/postgres/database/database-unavailable-error.ts'
import {
  GroupCommit,
  type AppendCall,
} from '../../../src/adapters/postgres/appending/group-commit.ts'
import { streamId, type AppendVerdict, type StorageAppend } from '../../../src/index.ts'
import { range } from '../../../src/testing/contracts/event-store/reading.ts'

describe('appends that arrive together', () => {
  test('share one call, and each gets its own verdict', async () => {
    const { groups, calls } = recorded()

    const verdicts = await Promise.all(range(1, 32).map((id) => groups.append(to(id))))

    expect(calls).toEqual([range(1, 32).map(String)])
    expect(verdicts).toEqual(range(1, 32).map(verdictFor))
  })

  test('share the next call when one is under way', async () => {
    const { groups, calls } = recorded()

    const first = groups.append(to(1))
    await sent()
    await Promise.all([first, ...range(2, 9).map((id) => groups.append(to(id)))])

    expect(calls).toEqual([['1'], range(2, 9).map(String)])
  })

  test('are at most 256 of a call, and of each stream one', async () => {
    const { groups, calls } = recorded()

    await Promise.all([...range(1, 300), 1, 1].map((id) => groups.append(to(id))))

    expect(calls.every((ids) => ids.length <= 256 && new Set(ids).size === ids.length)).toBe(true)
    expect(calls.flat().toSorted()).toEqual([...range(1, 300), 1, 1].map(String).toSorted())
  })

  test('are few of a call when they are large, and at least one', async () => {
    const { groups, calls } = recorded()
    const large = range(1, 4).map((id) => to(id, 'x'.repeat(id === 4 ? 9_000_000 : 1_500_000)))

    await Promise.all(large.map((append) => groups.append(append)))

    expect(calls).toEqual([['1', '2'], ['3'], ['4']])
  })
})

describe('a call that fails', () => {
  test('fails only the append that is to blame', async () => {
    const groups = new GroupCommit(async (appends) => {
      if (appends.some(({ streamId: id }) => id === 'account-7')) throw refusal('22P05')
      return appends.map((append) => verdictFor(idOf(append)))
    })

    const outcomes = await Promise.allSettled(range(1, 9).map((id) => groups.append(to(id))))

    const failed = outcomes.flatMap((outcome, index) =>
      outcome.status === 'rejected' ? [[index + 1, outcome.reason as unknown]] : [],
    )
    expect(failed).toEqual([[7, expect.objectContaining({ sqlState: '22P05' })]])
  })

  test('keeps the stream that is held apart, so that it holds up others once', async () => {
    const waits: number[] = []
    const groups = new GroupCommit(async (appends, waitMs) => {
      const isHeld = appends.some(({ streamId: id }) => id === 'account-7')
      if (appends.length > 1 || !isHeld) waits.push(isHeld ? waitMs : 0)
      if (isHeld) throw refusal('55P03')
      return appends.map((append) => verdictFor(idOf(append)))
    })

    const first = await Promise.all(range(1, 9).map((id) => groups.append(to(id))))
    waits.length = 0
    const second = await Promise.all(range(1, 9).map((id) => groups.append(to(id))))

    const expected = range(1, 9).map((id) => (id === 7 ? { status: 'raced' } : verdictFor(id)))
    expect([first, second]).toEqual([expected, expected])
    expect(waits).toEqual([0])
  })

  test('without an answer leaves the outcome of each of its appends unknown', async () => {
    const groups = new GroupCommit(async () => {
      throw new DatabaseUnavailableError('unknown', { cause: new Error('cut') })
    })

    const outcomes = await Promise.allSettled([1, 2].map((id) => groups.append(to(id))))

    expect(
      outcomes.map((outcome): unknown => outcome.status === 'rejected' && outcome.reason),
    ).toEqual([
      expect.objectContaining({ code: 'OUTCOME_UNKNOWN', streamIds: ['account-1'] }),
      expect.objectContaining({ code: 'OUTCOME_UNKNOWN', streamIds: ['account-2'] }),
    ])
  })

  test('because the server broke down is not run again: it may have committed', async () => {
    let calls = 0
    const groups = new GroupCommit(async () => {
      calls++
      throw refusal('58030')
    })

    const outcomes = await Promise.allSettled([1, 2].map((id) => groups.append(to(id))))

    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ reason: { code: 'OUTCOME_UNKNOWN' } })
    expect(calls).toBe(1)
  })

  test('that was never sent says so to each of its appends', async () => {
    const groups = new GroupCommit(async () => {
      throw new DatabaseUnavailableError('not-run', { cause: new Error('down') })
    })

    const outcomes = await Promise.allSettled([1, 2].map((id) => groups.append(to(id))))

    for (const outcome of outcomes)
      expect(outcome).toMatchObject({
        reason: { code: 'DATABASE_UNAVAILABLE', outcome: 'not-run' },
      })
  })
})

/** What each call was made of, by the ids of its streams. */
function recorded(): { groups: GroupCommit; calls: (readonly string[])[] } {
  const calls: (readonly string[])[] = []
  const call: AppendCall = async (appends) => {
    calls.push(appends.map((append) => String(idOf(append))))
    await new Promise((resolve) => setTimeout(resolve, 1))
    return appends.map((append) => verdictFor(idOf(append)))
  }
  return { groups: new GroupCommit(call), calls }
}

const to = (id: number, data = '{}'): StorageAppend => ({
  streamId: streamId('account', String(id)),
  events: [{ id: '', type: 'T', schemaVersion: 1, data, metadata: '{}', occurredAtMs: undefined }],
  expectedVersion: 'any',
  commandId: undefined,
})

const idOf = ({ streamId: id }: StorageAppend): number => Number(id.slice('account-'.length))

const verdictFor = (id: number): AppendVerdict => ({
  status: 'appended',
  version: id,
  positions: [],
  recordedAtMs: undefined,
})

const refusal = (sqlState: string): DatabaseError =>
  new DatabaseError(sqlState, { cause: new Error('refused') })

const sent = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })
