import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { StopDeadlineError, type Build, type LaneStep } from '../../src/index.ts'
import { accountBalances, type Balance } from '../domain/account.ts'
import { altered, append, deposited, openStore, runnerOf } from './runner-fixture.ts'

const NAME = 'account-balances'
const LEASE_MS = 300
const passing = () => new StopDeadlineError(['stands for anything retryable'], 1)
const isOfLead = (build: Build, { number }: LaneStep): boolean => number === build.lanes
const isClaim = ({ previous, next }: LaneStep): boolean => next.epoch > previous.epoch
const isBeat = ({ previous, next }: LaneStep): boolean =>
  next.epoch === previous.epoch && next.owner !== undefined

const rebuilderOf = (...[store, balances]: Parameters<typeof runnerOf>) =>
  runnerOf(store, balances, accountBalances, { leaseMs: LEASE_MS })

describe('a rebuild whose runner loses the lead', () => {
  test('goes on by itself when its beats did not get through for longer than its lease', async () => {
    const store = openStore()
    const inner = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    await runnerOf(store, inner).runUntilCaughtUp()
    let leads = 0
    const slow = altered(inner, (storage) => ({
      writeLane: async (build, step) => {
        if (isOfLead(build, step) && isClaim(step)) leads++
        if (isOfLead(build, step) && isBeat(step) && leads === 1) throw passing()
        return storage.writeLane(build, step)
      },
      finish: async (build) => {
        if (leads === 1) await sleep(3 * LEASE_MS)
        return storage.finish(build)
      },
    }))

    const [report] = await rebuilderOf(store, slow).rebuild(NAME)

    expect({ leads, report }).toMatchObject({ leads: 2, report: { isLive: true } })
    expect(await inner.storage.readBuilds()).toMatchObject({ live: { number: 2 }, newest: 2 })
  })

  test('goes on by itself when another one took it, and died', async () => {
    const store = openStore()
    const inner = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    await runnerOf(store, inner).runUntilCaughtUp()
    let leads = 0
    const taken = altered(inner, (storage) => ({
      writeLane: async (build, step) => {
        if (isOfLead(build, step) && isClaim(step)) leads++
        return storage.writeLane(build, step)
      },
      finish: async (build) => {
        if (build.number === 2 && leads === 1) {
          const lead = await storage.readLane(build, build.lanes)
          const other = { revision: randomUUID(), epoch: lead.epoch + 1, owner: 'another' }
          const step = { number: build.lanes, previous: lead, next: { ...lead, ...other } }
          await storage.writeLane(build, step)
          await sleep(LEASE_MS) // it beats three times within that
        }
        return storage.finish(build)
      },
    }))

    const [report] = await rebuilderOf(store, taken).rebuild(NAME)

    expect({ leads, report }).toMatchObject({ leads: 2, report: { isLive: true } })
  })

  test('begins when its claim of the lead was not answered at first', async () => {
    const store = openStore()
    const inner = new MemoryReadModel<Balance>()
    await runnerOf(store, inner).runUntilCaughtUp()
    let claims = 0
    const slow = altered(inner, (storage) => ({
      writeLane: async (build, step) => {
        if (isOfLead(build, step) && isClaim(step) && ++claims < 3) throw passing()
        return storage.writeLane(build, step)
      },
    }))

    const [report] = await rebuilderOf(store, slow).rebuild(NAME)

    expect(report).toMatchObject({ isLive: true })
  })

  test('switches though its claims of the live lanes were not answered at first', async () => {
    const store = openStore()
    const inner = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    await runnerOf(store, inner).runUntilCaughtUp()
    let holds = 0
    const slow = altered(inner, (storage) => ({
      writeLane: async (build, step) => {
        const isHold = !isOfLead(build, step) && step.next.isHeld && isClaim(step)
        if (isHold && ++holds < 3) throw passing()
        return storage.writeLane(build, step)
      },
    }))

    const [report] = await rebuilderOf(store, slow).rebuild(NAME)

    expect({ holds, report }).toMatchObject({ holds: 3, report: { isLive: true } })
  })
})
