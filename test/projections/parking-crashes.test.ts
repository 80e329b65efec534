import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import {
  globalPosition,
  type EventStore,
  type LogPage,
  type ReadModel,
  type StreamPage,
} from '../../src/index.ts'
import { laneOf } from '../../src/projections/lanes/lane-of.ts'
import { accountBalances, type Balance } from '../domain/account.ts'
import { documentsOf, faultyAt, freshFold, parkedOf, withdrawn } from './parking-fixture.ts'
import { altered, append, deposited, openStore, present, runnerOf } from './runner-fixture.ts'

const NAME = 'account-balances'
const PARKING = { placement: { onFailure: 'park' }, leaseMs: 100 } as const

/** A sink that dies at its nth write of a lane: before it, or when it is done and the reply is lost with the process. */
function dying(
  readModel: ReadModel<Balance>,
  { nth, isDone }: { readonly nth: number; readonly isDone: boolean },
): ReadModel<Balance> {
  let writes = 0
  const dies = async <Result>(write: () => Promise<Result>): Promise<Result> => {
    if (++writes < nth) return write()
    if (writes === nth && isDone) await write()
    throw new Error('killed')
  }
  return altered(readModel, (storage) => ({
    writeLane: (...step) => dies(() => storage.writeLane(...step)),
    commit: (...step) => dies(() => storage.commit(...step)),
    readLane: async (...place) => {
      if (writes >= nth) throw new Error('killed')
      return storage.readLane(...place)
    },
  }))
}

/** 1,200 events are parked: folding them takes three commits. */
async function parkMany(store: EventStore, balances: ReadModel<Balance>): Promise<void> {
  const many = Array.from({ length: 1_200 }, (_, index) => deposited(index))
  await append(store, 'odd', deposited(9), withdrawn(2), ...many, withdrawn(4), deposited(1))
  await append(store, '1', deposited(1))
  const faulty = runnerOf(store, balances, faultyAt(), PARKING)
  await faulty.runUntilCaughtUp()
}

/** Claim, the three commits of what is parked and their last write are five; more die never. */
const DEATHS = [1, 2, 3, 4, 5, 6].flatMap((nth) => [
  { nth, isDone: false },
  { nth, isDone: true },
])

describe('a runner that dies at a write while it folds parked events', () => {
  test.each(DEATHS)('has lost and doubled nothing of a retry ($nth, $isDone)', async (death) => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await parkMany(store, balances)
    const corrected = runnerOf(store, balances, accountBalances, PARKING)
    await corrected.retryParked(NAME, 'account-odd')

    const killed = runnerOf(store, dying(balances, death), accountBalances, PARKING)
    await killed.runUntilCaughtUp().catch(() => undefined)
    await append(store, '1', deposited(1))
    await corrected.runUntilCaughtUp()

    expect(await documentsOf(balances)).toEqual(await freshFold(store, accountBalances))
    expect(await parkedOf(corrected)).toEqual([])
  })

  test.each(DEATHS)('has given up one event, and no second ($nth, $isDone)', async (death) => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await parkMany(store, balances)
    const faulty = runnerOf(store, balances, faultyAt(), PARKING)
    await faulty.discardParked(NAME, 'account-odd', {
      position: globalPosition(2),
      reason: 'booked twice',
    })

    const killed = runnerOf(store, dying(balances, death), faultyAt(), PARKING)
    await killed.runUntilCaughtUp().catch(() => undefined)
    await append(store, '1', deposited(1))
    await faulty.runUntilCaughtUp()

    expect(await parkedOf(faulty)).toEqual([
      [2, expect.stringContaining('not 2'), 'booked twice'],
      [1_203, expect.stringContaining('not 4'), undefined],
      [1_204, undefined, undefined],
    ])
    expect(await balances.get('account-odd')).toEqual({
      owner: '',
      cents: 9 + (1_199 * 1_200) / 2,
      events: 1_201,
    })
  })
})

test('a request to give up an event is answered once, when its reply was lost and it is repeated', async () => {
  const store = openStore()
  const balances = new MemoryReadModel<Balance>()
  await append(store, 'odd', withdrawn(2), withdrawn(3))
  const faulty = runnerOf(store, balances, faultyAt(), PARKING)
  await faulty.runUntilCaughtUp()
  const losing = altered(balances, (storage) => ({
    writeLane: async (...step) => {
      await storage.writeLane(...step)
      await faulty.runUntilCaughtUp()
      throw new Error('The reply was lost.')
    },
  }))
  const first = { position: globalPosition(1), reason: 'booked twice' }

  const asked = runnerOf(store, losing, faultyAt(), PARKING).discardParked(
    NAME,
    'account-odd',
    first,
  )
  await expect(asked).rejects.toThrow('The reply was lost.')
  await faulty.discardParked(NAME, 'account-odd', first)
  await faulty.runUntilCaughtUp()

  expect(await parkedOf(faulty)).toEqual([
    [1, expect.stringContaining('not 2'), 'booked twice'],
    [2, expect.stringContaining('not 3'), undefined],
  ])
})

describe('an event in two parts', () => {
  test('is parked whole when its second part fails, and folded whole later', async () => {
    const store = inParts(openStore())
    const balances = new MemoryReadModel<Balance>()
    /** Only the second part of a deposit fails: when the first one has been folded. */
    const faulty: typeof accountBalances = {
      ...accountBalances,
      on: {
        ...accountBalances.on,
        MoneyDeposited: (balance, event) => {
          if (balance.events === 1 && event.data.cents === 3) throw new RangeError('second part')
          return present(accountBalances.on.MoneyDeposited)(balance, event)
        },
      },
    }
    await append(store, 'odd', deposited(6), deposited(8))
    await append(store, '1', deposited(2))
    const runner = runnerOf(store, balances, faulty, PARKING)
    await runner.runUntilCaughtUp()
    const meanwhile = await documentsOf(balances)
    const parked = await parkedOf(runner)

    const corrected = runnerOf(store, balances, accountBalances, PARKING)
    await corrected.retryParked(NAME, 'account-odd')
    await corrected.runUntilCaughtUp()

    expect([...meanwhile]).toEqual([['account-1', { owner: '', cents: 2, events: 2 }]])
    expect(parked).toMatchObject([
      [1, expect.any(String), undefined],
      [2, undefined, undefined],
    ])
    expect(await balances.get('account-odd')).toEqual({ owner: '', cents: 14, events: 4 })
  })
})

describe("a row that throws where failures are to 'stop'", () => {
  const placement = { lanes: 4, onFailure: 'stop' } as const

  test('halts its own lane only; status and those who wait learn why', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const odd = laneOf('account-odd', 4)
    await using runner = runnerOf(store, balances, faultyAt(), { placement })
    await runner.start()
    for (let id = 0; id < 40; id++) await append(store, String(id), deposited(1))
    const last = await append(store, 'odd', deposited(1), withdrawn(2))
    for (let id = 0; id < 40; id++) await append(store, String(id), deposited(1))
    const waiting = balances.waitFor(last, { timeoutMs: 1500 })

    await expect(waiting).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' })
    await expect(waiting).rejects.toThrow("It is stopped: Row 'MoneyWithdrawn'")
    const [status] = await runner.status()
    const stalls = present(status).lanes.map(({ stall }) => stall?.code)
    const others = Array.from({ length: 40 }, (_, id) => `account-${id}`)
    const found = await balances.getMany(others.filter((key) => laneOf(key, 4) !== odd))

    expect(status).toMatchObject({ state: 'failed', lastError: { code: 'PROJECTION_FAILED' } })
    expect(stalls).toEqual([0, 1, 2, 3].map((n) => (n === odd ? 'PROJECTION_FAILED' : undefined)))
    expect(new Set([...found.values()].map(({ events }) => events))).toEqual(new Set([2]))
  })

  test('lets a runner with the corrected row go on', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, 'odd', deposited(1), withdrawn(2))
    await append(store, '1', deposited(1))
    const faulty = runnerOf(store, balances, faultyAt(), { placement })
    await faulty.start()
    await sleep(50)
    await faulty.stop()

    await using corrected = runnerOf(store, balances, accountBalances, { placement })
    await corrected.start()
    await balances.waitFor((await store.head())?.position)

    expect(await documentsOf(balances)).toEqual(await freshFold(store, accountBalances))
    expect(await corrected.status()).toMatchObject([{ state: 'running', warnings: [] }])
  })

  test('is told to a second runner that has the same mistake', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, 'odd', withdrawn(2))
    const faulty = runnerOf(store, balances, faultyAt(), { placement })
    await expect(faulty.runUntilCaughtUp()).rejects.toThrow('not 2')

    await expect(
      runnerOf(store, balances, faultyAt(), { placement }).runUntilCaughtUp(),
    ).rejects.toThrow('not 2')
  })

  test('goes on when the projection is resumed', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    let isFull = true
    const full = altered(balances, (storage) => ({
      commit: async (build, step, changes) =>
        isFull
          ? { refused: new Map(changes.writes.map(({ key }) => [key, new Error('full')])) }
          : storage.commit(build, step, changes),
    }))
    await using runner = runnerOf(store, full)
    await runner.start()
    const last = await append(store, '1', deposited(1))
    await expect(balances.waitFor(last, { timeoutMs: 200 })).rejects.toThrow('It is stopped')

    isFull = false
    await runner.resume(NAME)
    await balances.waitFor(last, { timeoutMs: 2000 })

    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 1, events: 1 })
  })
})

/** The store as upcasters would show it that give every deposit in two halves. */
function inParts(store: EventStore): EventStore {
  async function* halves<Page extends LogPage | StreamPage>(pages: AsyncIterable<Page>) {
    for await (const page of pages)
      yield {
        ...page,
        events: page.events.flatMap((event) => {
          const data = { cents: (event.data as { cents: number }).cents / 2 }
          return [
            { ...event, data },
            { ...event, data },
          ]
        }),
      }
  }
  const read: Partial<EventStore> = {
    readAll: (options) => halves(store.readAll(options)),
    readStream: (stream, options) => halves(store.readStream(stream, options)),
    subscribe: (options) => halves(store.subscribe(options)),
  }
  return new Proxy(store, {
    get: (inner, name) => {
      const value: unknown = Reflect.get(read, name) ?? Reflect.get(inner, name, inner)
      return typeof value === 'function' ? (value.bind(inner) as unknown) : value
    },
  })
}
