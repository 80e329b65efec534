import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import type { LaneRecord, Member } from '../../src/index.ts'
import { newLaneRecord } from '../../src/projections/lanes/lane-record.ts'
import { LaneShare, shareOf } from '../../src/projections/lanes/lane-share.ts'
import { Membership } from '../../src/projections/lanes/membership.ts'
import type { Balance } from '../domain/account.ts'
import { append, deposited, openStore, present, runnerOf } from './runner-fixture.ts'

const LONG_MS = 600_000

const member = (runner: string): Member => ({
  ...{ runner, revision: 'r', leaseMs: LONG_MS },
  ...{ version: 1, fingerprint: 'f' },
})

/** The lanes of runner `a`, which ends a lane when it is told to. */
class Share {
  readonly taken: number[] = []
  readonly #share: LaneShare

  constructor(lanes: number) {
    const run = async (number: number, _: LaneRecord, signal: AbortSignal): Promise<void> => {
      this.taken.push(number)
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          resolve()
        })
      })
    }
    this.#share = new LaneShare({ runner: 'a', lanes, run })
  }

  balance(runners: readonly string[], records: readonly LaneRecord[]): void {
    this.#share.balance(runners.map(member), records)
  }

  get numbers(): readonly number[] {
    return this.#share.numbers
  }

  async release(): Promise<void> {
    await this.#share.release()
  }
}

const free = (lanes: number): readonly LaneRecord[] =>
  Array.from({ length: lanes + 1 }, () => newLaneRecord())
const ownedBy = (owner: string, leaseMs: number): LaneRecord => ({
  ...newLaneRecord(),
  owner,
  leaseMs,
})

describe('the lanes of a build', () => {
  test('come out even among runners, whatever their number', () => {
    const shares = (runners: readonly string[], lanes: number): readonly number[] =>
      runners.map((runner) => shareOf(runner, runners.map(member), { lanes, owned: new Map() }))

    expect(shares(['b', 'a'], 8)).toEqual([4, 4])
    expect(shares(['c', 'a', 'b'], 8)).toEqual([2, 3, 3])
    expect(shares(['a', 'b', 'c'], 2)).toEqual([1, 1, 0])
    expect(shares(['a'], 64)).toEqual([64])
    expect(shareOf('unknown', [member('a')], { lanes: 8, owned: new Map() })).toBe(0)
  })

  test('stay with those who have them where they do not come out even', () => {
    const shares = (has: Readonly<Record<string, number>>, lanes: number): readonly number[] =>
      Object.keys(has).map((runner) =>
        shareOf(runner, Object.keys(has).map(member), {
          lanes,
          owned: new Map(Object.entries(has)),
        }),
      )

    expect(shares({ a: 0, b: 1 }, 1)).toEqual([0, 1])
    expect(shares({ a: 0, b: 4, c: 4 }, 8)).toEqual([2, 3, 3])
    expect(shares({ a: 2, b: 3, c: 3 }, 8)).toEqual([2, 3, 3])
    expect(shares({ a: 0, b: 8 }, 8)).toEqual([4, 4])
  })

  test('are taken up to the share, but not the one without keys', async () => {
    const share = new Share(4)
    const alone = new Share(2)

    share.balance(['a', 'b'], free(4))
    alone.balance(['a'], free(2))

    expect(share.taken).toEqual([0, 1])
    expect(alone.taken).toEqual([0, 1])
    await Promise.all([share.release(), alone.release()])
  })

  test('above the share are given back when another runner comes', async () => {
    const share = new Share(4)
    share.balance(['a'], free(4))
    const all = share.numbers

    share.balance(['a', 'b'], free(4))
    await sleep(1)

    expect(all).toEqual([0, 1, 2, 3])
    expect(share.numbers).toEqual([0, 1])
    await share.release()
  })

  test('are left to their owner within its lease, also while it does not write them', async () => {
    const share = new Share(1)
    const records = [ownedBy('b', LONG_MS), newLaneRecord()]

    share.balance(['a'], records)
    await sleep(30)
    share.balance(['a'], records)

    expect(share.taken).toEqual([])
  })

  test('are taken when their owner did not write them for its lease', async () => {
    const share = new Share(2)
    const written = (): LaneRecord => ({ ...ownedBy('b', 20), revision: Math.random().toString() })
    const silent = ownedBy('b', 20)

    share.balance(['a'], [silent, written(), newLaneRecord()])
    await sleep(40)
    share.balance(['a'], [silent, written(), newLaneRecord()])

    expect(share.taken).toEqual([0])
    await share.release()
  })
})

describe('the runners of a read model', () => {
  test('count those that beat within their leases, and no others', async () => {
    const { storage } = new MemoryReadModel<Balance>()
    const membership = new Membership(storage, member('a'))
    await storage.beat({ ...member('silent'), leaseMs: 20 })
    const before = await membership.beat()

    await storage.beat({ ...member('beating'), leaseMs: LONG_MS })
    await sleep(40)
    const after = await membership.beat()

    expect(before.map(({ runner }) => runner).toSorted()).toEqual(['a', 'silent'])
    expect(after.map(({ runner }) => runner).toSorted()).toEqual(['a', 'beating'])
  })

  test('forget one that was silent for ten leases', async () => {
    const { storage } = new MemoryReadModel<Balance>()
    const membership = new Membership(storage, member('a'))
    await storage.beat({ ...member('silent'), leaseMs: 1 })
    await membership.beat()

    await sleep(30)
    await membership.beat()

    const left = await storage.beat(member('a'))
    expect(left.map(({ runner }) => runner)).toEqual(['a'])
  })
})

describe('a runner that is stopped', () => {
  test('has no lane any more, and is none of the runners', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const runner = runnerOf(store, balances, undefined, {
      leaseMs: LONG_MS,
      placement: { lanes: 3 },
    })
    await runner.start()
    await balances.waitFor(await append(store, '1', deposited(1)))
    const owners = await ownersOf(balances)

    await runner.stop()

    expect(owners).toEqual([runner.id, runner.id, runner.id])
    expect(await ownersOf(balances)).toEqual([undefined, undefined, undefined])
    const members = await balances.storage.beat(member('other'))
    expect(members.map((each) => each.runner)).toEqual(['other'])
  })
})

async function ownersOf(balances: MemoryReadModel<Balance>): Promise<readonly unknown[]> {
  const { live } = present(await balances.storage.readBuilds())
  const lanes = await balances.storage.readLanes(live)
  return lanes.slice(0, live.lanes).map(({ owner }) => owner)
}
