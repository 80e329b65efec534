import { describe, expect, test } from '@jest/globals'
import {
  globalPosition,
  project,
  ProjectionRunner,
  streamId,
  type ReadModel,
} from '../../src/index.ts'
import { accountBalances, type Balance } from '../domain/account.ts'
import { append, deposited, openStore, present, runnerOf, silent } from './runner-fixture.ts'
import { documentsOf, faultyAt, freshFold, parkedOf, withdrawn } from './parking-fixture.ts'

const PARKING = { placement: { onFailure: 'park' } } as const
const NAME = 'account-balances'

/** What a projection that parks does in any sink, with so many keys in one test. */
export function parkingRules(
  sink: string,
  open: () => ReadModel<Balance>,
  { keys = 10_000 } = {},
): void {
  describe(`parking in ${sink}`, () => {
    test('lets all other keys go on, and folds the one that failed later as if nothing had happened', async () => {
      const store = openStore()
      const balances = open()
      const others = Array.from({ length: keys - 1 }, (_, index) => String(index))
      for (const id of others) await append(store, id, deposited(1))
      await append(store, 'odd', deposited(9), withdrawn(2), deposited(3), withdrawn(4))
      await append(store, '5', deposited(1))

      const faulty = runnerOf(store, balances, faultyAt(), PARKING)
      await faulty.runUntilCaughtUp()
      const meanwhile = await documentsOf(balances)
      const parked = await parkedOf(faulty)
      const [status] = await faulty.status()
      const corrected = runnerOf(store, balances, accountBalances, PARKING)
      await corrected.retryParked(NAME, 'account-odd')
      await corrected.runUntilCaughtUp()

      const fold = await freshFold(store, accountBalances)
      expect(meanwhile).toEqual(
        new Map([...fold, ['account-odd', { owner: '', cents: 9, events: 1 }]]),
      )
      expect(parked).toEqual([
        [2, expect.stringContaining('not 2'), undefined],
        [3, undefined, undefined],
        [4, undefined, undefined],
      ])
      expect(status).toMatchObject({ lanes: [{ parkedKeys: 1, position: BigInt(keys + 4) }] })
      expect(await documentsOf(balances)).toEqual(fold)
      expect(await parkedOf(corrected)).toEqual([])
    }, 60_000)

    test('sets later events aside behind the first one, also after a restart', async () => {
      const store = openStore()
      const balances = open()
      await append(store, 'odd', withdrawn(2))
      await runnerOf(store, balances, faultyAt(), PARKING).runUntilCaughtUp()

      await append(store, 'odd', deposited(3))
      const corrected = runnerOf(store, balances, accountBalances, PARKING)
      await corrected.runUntilCaughtUp()

      expect(await balances.get('account-odd')).toBeUndefined()
      expect(await parkedOf(corrected)).toEqual([
        [1, expect.stringContaining('not 2'), undefined],
        [2, undefined, undefined],
      ])
    })

    test('answers a request while a runner follows', async () => {
      const store = openStore()
      const balances = open()
      await append(store, 'odd', withdrawn(2), deposited(3))
      await runnerOf(store, balances, faultyAt(), PARKING).runUntilCaughtUp()
      await using corrected = runnerOf(store, balances, accountBalances, PARKING)
      await corrected.start()

      await corrected.retryParked(NAME, 'account-odd')
      await balances.waitFor(await append(store, 'odd', withdrawn(4)))

      expect(await balances.get('account-odd')).toEqual({ owner: '', cents: -3, events: 3 })
      expect(await parkedOf(corrected)).toEqual([])
    })

    test('stops a retry at the next event that fails', async () => {
      const store = openStore()
      const balances = open()
      await append(store, 'odd', deposited(9), withdrawn(2), deposited(3), withdrawn(4))
      await append(store, 'odd', deposited(5))
      await runnerOf(store, balances, faultyAt(2, 4), PARKING).runUntilCaughtUp()

      const better = runnerOf(store, balances, faultyAt(4), PARKING)
      await better.retryParked(NAME, 'account-odd')
      await better.runUntilCaughtUp()

      expect(await balances.get('account-odd')).toEqual({ owner: '', cents: 10, events: 3 })
      expect(await parkedOf(better)).toEqual([
        [4, expect.stringContaining('not 4'), undefined],
        [5, undefined, undefined],
      ])
    })

    test('begins with the event whose document is not JSON', async () => {
      const store = openStore()
      const balances = open()
      const faulty: typeof accountBalances = {
        ...accountBalances,
        on: {
          ...accountBalances.on,
          MoneyWithdrawn: (balance) => ({ ...balance, cents: Number.NaN }),
        },
      }
      await append(store, 'odd', deposited(9), withdrawn(2), deposited(3))
      const runner = runnerOf(store, balances, faulty, PARKING)

      await runner.runUntilCaughtUp()
      await runner.retryParked(NAME, 'account-odd')
      await runner.runUntilCaughtUp()

      expect(await balances.get('account-odd')).toEqual({ owner: '', cents: 9, events: 1 })
      expect(await parkedOf(runner)).toEqual([
        [2, expect.stringContaining('cents'), undefined],
        [3, undefined, undefined],
      ])
    })

    test('keeps what is given up with its reason, and folds what stands behind it', async () => {
      const store = openStore()
      const balances = open()
      await append(store, 'odd', deposited(9), withdrawn(2), deposited(3))
      const faulty = runnerOf(store, balances, faultyAt(), PARKING)
      await faulty.runUntilCaughtUp()

      await faulty.discardParked(NAME, 'account-odd', {
        position: globalPosition(2),
        reason: 'booked twice',
      })
      await faulty.runUntilCaughtUp()
      await append(store, 'odd', deposited(1))
      await faulty.runUntilCaughtUp()

      expect(await balances.get('account-odd')).toEqual({ owner: '', cents: 13, events: 3 })
      expect(await parkedOf(faulty)).toEqual([
        [2, expect.stringContaining('not 2'), 'booked twice'],
      ])
      expect(await faulty.status()).toMatchObject([{ lanes: [{ parkedKeys: 0 }] }])
    })

    test('gives up one event, however often it is asked to', async () => {
      const store = openStore()
      const balances = open()
      await append(store, 'odd', withdrawn(2), withdrawn(3), withdrawn(4), deposited(5))
      const faulty = runnerOf(store, balances, faultyAt(), PARKING)
      await faulty.runUntilCaughtUp()

      const giveUp = (reason: string): Promise<void> =>
        faulty.discardParked(NAME, 'account-odd', { position: globalPosition(1), reason })
      await giveUp('one')
      await giveUp('repeated before it was answered')
      await faulty.runUntilCaughtUp()
      await giveUp('repeated after it was answered')
      await faulty.runUntilCaughtUp()

      expect(await parkedOf(faulty)).toMatchObject([
        [1, expect.anything(), 'one'],
        [2, expect.stringContaining('not 3'), undefined],
        [3, undefined, undefined],
        [4, undefined, undefined],
      ])
    })

    test('gives up nothing when its event was folded before the request is answered', async () => {
      const store = openStore()
      const balances = open()
      await append(store, 'odd', withdrawn(2), deposited(1), withdrawn(4))
      await runnerOf(store, balances, faultyAt(), PARKING).runUntilCaughtUp()

      const better = runnerOf(store, balances, faultyAt(4), PARKING)
      await better.retryParked(NAME, 'account-odd')
      await better.discardParked(NAME, 'account-odd', {
        position: globalPosition(1),
        reason: 'too late',
      })
      await better.runUntilCaughtUp()

      expect(await balances.get('account-odd')).toEqual({ owner: '', cents: -1, events: 2 })
      expect(await parkedOf(better)).toEqual([[3, expect.stringContaining('not 4'), undefined]])
    })

    test('refuses to give up an event behind the first parked one', async () => {
      const store = openStore()
      await append(store, 'odd', withdrawn(2), withdrawn(3))
      const faulty = runnerOf(store, open(), faultyAt(), PARKING)
      await faulty.runUntilCaughtUp()

      const second = { position: globalPosition(2), reason: 'booked twice' }
      const refused = faulty.discardParked(NAME, 'account-odd', second)

      await expect(refused).rejects.toMatchObject({
        code: 'DISCARD_REFUSED',
        key: 'account-odd',
        position: 2n,
        first: 1n,
      })
      await expect(refused).rejects.toThrow(
        "The event at position 2 of key 'account-odd' was not given up: the first parked event of the key is that at position 1.",
      )
      await faulty.runUntilCaughtUp()
      expect(await parkedOf(faulty)).toMatchObject([
        [1, expect.anything(), undefined],
        [2, undefined, undefined],
      ])
    })

    test('says when an event is not given up in one of several read models', async () => {
      const store = openStore()
      const [one, other] = [open(), open()]
      await append(store, 'odd', withdrawn(2), withdrawn(3))
      const faulty = faultyAt()
      const both = new ProjectionRunner({
        store,
        projections: [one, other].map((model) => project(faulty).into(model, PARKING.placement)),
        logger: silent,
      })
      await both.runUntilCaughtUp()
      const alone = runnerOf(store, one, faulty, PARKING)
      await alone.discardParked(NAME, 'account-odd', { position: globalPosition(1), reason: 'old' })
      await alone.runUntilCaughtUp()

      const second = { position: globalPosition(2), reason: 'booked twice' }
      const refused = both.discardParked(NAME, 'account-odd', second)

      await expect(refused).rejects.toMatchObject({ code: 'DISCARD_REFUSED', first: 1n })
      await both.runUntilCaughtUp()
      expect(await parkedOf(alone)).toMatchObject([
        [1, expect.anything(), 'old'],
        [2, expect.anything(), 'booked twice'],
      ])
    })

    test('refuses to give up without a reason, and what is not parked', async () => {
      const store = openStore()
      await append(store, 'odd', withdrawn(2))
      const faulty = runnerOf(store, open(), faultyAt(), PARKING)
      await faulty.runUntilCaughtUp()

      const giveUp = (key: string, reason: string): Promise<void> =>
        faulty.discardParked(NAME, key, { position: globalPosition(1), reason })

      await expect(giveUp('account-odd', ' ')).rejects.toThrow('discardParked() needs a reason')
      await expect(giveUp('account-1', 'booked twice')).rejects.toThrow(
        "Key 'account-1' of projection 'account-balances' is not parked",
      )
      await expect(faulty.retryParked(NAME, 'account-1')).rejects.toThrow('is not parked')
      expect(await parkedOf(faulty)).toMatchObject([[1, expect.anything(), undefined]])
    })

    test('folds thousands of parked events of one key', async () => {
      const store = openStore()
      const balances = open()
      const many = Array.from({ length: 3_000 }, () => deposited(1))
      await append(store, 'odd', withdrawn(2), ...many.slice(0, 1_500))
      await append(store, 'odd', ...many.slice(1_500))
      await append(store, '1', withdrawn(1))
      await runnerOf(store, balances, faultyAt(), PARKING).runUntilCaughtUp()

      const corrected = runnerOf(store, balances, accountBalances, { ...PARKING, leaseMs: 3000 })
      await corrected.retryParked(NAME, 'account-odd')
      await corrected.runUntilCaughtUp()

      expect(await balances.get('account-odd')).toEqual({ owner: '', cents: 2_998, events: 3_001 })
      expect(await parkedOf(corrected, 'account-odd')).toEqual([])
      expect(await parkedOf(corrected)).toMatchObject([[1, expect.stringContaining('not 1')]])
    }, 60_000)

    test('sets an event of several keys aside for the one that fails', async () => {
      const store = openStore()
      const balances = open()
      /** An event counts for the account and for all of them. */
      const corrected: typeof accountBalances = {
        ...accountBalances,
        key: ({ streamId: id }) => [id, 'total'],
      }
      const inTotal: typeof accountBalances = {
        ...corrected,
        on: {
          ...corrected.on,
          MoneyWithdrawn: (balance, event) => {
            if (balance.cents === 7) throw new RangeError('not at 7')
            return present(corrected.on.MoneyWithdrawn)(balance, event)
          },
        },
      }
      await append(store, '1', deposited(4))
      await append(store, '2', deposited(3), withdrawn(1), deposited(5))
      await runnerOf(store, balances, inTotal, PARKING).runUntilCaughtUp()
      const meanwhile = await documentsOf(balances)

      const runner = runnerOf(store, balances, corrected, PARKING)
      await runner.retryParked(NAME, 'total')
      await runner.runUntilCaughtUp()

      expect(meanwhile).toEqual(
        new Map([
          [streamId('account', '1'), { owner: '', cents: 4, events: 1 }],
          [streamId('account', '2'), { owner: '', cents: 7, events: 3 }],
          ['total', { owner: '', cents: 7, events: 2 }],
        ]),
      )
      expect(await documentsOf(balances)).toEqual(await freshFold(store, corrected))
    })
  })
}
