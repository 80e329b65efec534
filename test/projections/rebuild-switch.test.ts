import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { StopDeadlineError, type LaneStep } from '../../src/index.ts'
import { accountBalances, type Balance } from '../domain/account.ts'
import { altered, append, deposited, openStore, runnerOf } from './runner-fixture.ts'

const NAME = 'account-balances'
const LEASE_MS = 300
const passing = () => new StopDeadlineError(['stands for anything retryable'], 1)
const isHold = ({ previous, next }: LaneStep): boolean => next.isHeld && next.epoch > previous.epoch
const isBeat = ({ previous, next }: LaneStep): boolean =>
  next.isHeld && next.epoch === previous.epoch

const twoLanes = { placement: { lanes: 2 }, leaseMs: LEASE_MS }

describe('a switch during which the sink does not answer for a moment', () => {
  test('gives the lanes that it holds back when it cannot hold them all', async () => {
    const store = openStore()
    const inner = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    await runnerOf(store, inner, accountBalances, twoLanes).runUntilCaughtUp()
    const foundOwners: (string | undefined)[] = []
    let failures = 0
    const faulty = altered(inner, (storage) => ({
      writeLane: async (build, step) => {
        if (build.number === 1 && isHold(step)) {
          if (step.number === 0) foundOwners.push(step.previous.owner)
          if (step.number === 1 && ++failures === 1) throw passing()
        }
        return storage.writeLane(build, step)
      },
    }))

    const [report] = await runnerOf(store, faulty, accountBalances, twoLanes).rebuild(NAME)

    expect(report).toMatchObject({ isLive: true })
    expect(foundOwners).toEqual([undefined, undefined])
  })

  test('holds no lanes any more when it has failed: others move them when its lease has ended', async () => {
    const store = openStore()
    const inner = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    await runnerOf(store, inner, accountBalances, twoLanes).runUntilCaughtUp()
    let beats = 0
    const faulty = altered(inner, (storage) => ({
      writeBuilds: async (previous, next) => {
        if (next.live.number === 2) throw passing()
        return storage.writeBuilds(previous, next)
      },
      writeLane: async (build, step) => {
        if (build.number === 1 && isBeat(step)) beats++
        return storage.writeLane(build, step)
      },
    }))

    const rebuilding = runnerOf(store, faulty, accountBalances, twoLanes).rebuild(NAME)
    await expect(rebuilding).rejects.toMatchObject({ retryable: true })
    beats = 0
    await sleep(LEASE_MS) // it beats three times within that
    expect(beats).toBe(0)
    await append(store, '1', deposited(2))
    await runnerOf(store, inner, accountBalances, twoLanes).runUntilCaughtUp()

    expect(await inner.get('account-1')).toEqual({ owner: '', cents: 7, events: 2 })
    expect(await inner.storage.readBuilds()).toMatchObject({ live: { number: 1 } })
  })
})
