import * as jest from '@jest/globals'
import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { integer, postgres, PostgresReadModel, text } from '../../src/adapters/postgres/index.ts'
import { globalPosition, type ReadModel } from '../../src/index.ts'
import { describeOnServer, PostgresServer, skipped } from '../adapters/postgres/postgres-server.ts'
import { accountBalances, type Balance } from '../domain/account.ts'
import { isFullSize } from '../faults/full-size.ts'
import { parkedOf } from './parking-fixture.ts'
import { parkingRules } from './parking-rules.ts'
import { altered, append, deposited, openStore, runnerOf } from './runner-fixture.ts'

const NAME = 'account-balances'
const PARKING = { placement: { onFailure: 'park' } } as const
/** What an integer column holds at most. */
const MOST = 2_147_483_647

const server = new PostgresServer()
const schema = server.anySchema()
let tables = 0
const openTable = (): ReadModel<Balance> =>
  new PostgresReadModel<Balance>({
    database: postgres(server.pool({ max: 4 })),
    schema,
    recordsSchema: schema,
    table: `balances_${tables++}`,
    columns: { owner: text, cents: integer, events: integer },
  })

jest.beforeAll(async () => {
  if (skipped === undefined) await server.pool().query(`CREATE SCHEMA ${schema}`)
})
jest.afterAll(() => server.close())

/** A sink with a limit, as columns have one. */
const openLimited = (): ReadModel<Balance> =>
  altered(new MemoryReadModel<Balance>(), (storage) => ({
    commit: async (build, step, changes) => {
      const tooLarge = changes.writes.filter(({ document }) => (document?.cents ?? 0) > MOST)
      return tooLarge.length > 0
        ? { refused: new Map(tooLarge.map(({ key }) => [key, new RangeError('out of range')])) }
        : storage.commit(build, step, changes)
    },
  }))

refusalRules('memory', openLimited)
describeOnServer('PostgreSQL', () => {
  refusalRules('PostgreSQL', openTable)
  parkingRules('PostgreSQL', openTable, { keys: isFullSize ? 10_000 : 2_000 })
})

function refusalRules(sink: string, open: () => ReadModel<Balance>): void {
  describe(`a document that ${sink} refuses`, () => {
    test('stops its lane, and says why', async () => {
      const store = openStore()
      const balances = open()
      await append(store, '1', deposited(MOST), deposited(1))
      const runner = runnerOf(store, balances)

      const failed = runner.runUntilCaughtUp()

      await expect(failed).rejects.toMatchObject({ code: 'DOCUMENT_REFUSED', key: 'account-1' })
      expect(await runner.status()).toMatchObject([
        { state: 'failed', lanes: [{ stall: { code: 'DOCUMENT_REFUSED' } }] },
      ])
    })

    test('is parked from the event that made it, and all other keys go on', async () => {
      const store = openStore()
      const balances = open()
      await append(store, 'odd', deposited(5), deposited(MOST), deposited(1))
      await append(store, '1', deposited(1))
      const runner = runnerOf(store, balances, accountBalances, PARKING)

      await runner.runUntilCaughtUp()

      expect(await balances.get('account-1')).toEqual({ owner: '', cents: 1, events: 1 })
      expect(await balances.get('account-odd')).toEqual({ owner: '', cents: 5, events: 1 })
      expect(await parkedOf(runner)).toEqual([
        [2, expect.any(String), undefined],
        [3, undefined, undefined],
      ])
    })

    test('can be given up', async () => {
      const store = openStore()
      const balances = open()
      await append(store, 'odd', deposited(5), deposited(MOST), deposited(1))
      const runner = runnerOf(store, balances, accountBalances, PARKING)
      await runner.runUntilCaughtUp()

      await runner.retryParked(NAME, 'account-odd')
      await runner.runUntilCaughtUp()
      const retried = await balances.get('account-odd')
      await runner.discardParked(NAME, 'account-odd', {
        position: globalPosition(2),
        reason: 'a test of the bank',
      })
      await runner.runUntilCaughtUp()

      expect(retried).toEqual({ owner: '', cents: 5, events: 1 })
      expect(await balances.get('account-odd')).toEqual({ owner: '', cents: 6, events: 2 })
      expect(await parkedOf(runner)).toEqual([[2, expect.any(String), 'a test of the bank']])
    })

    test('once given up does not keep its key from going on', async () => {
      const store = openStore()
      const balances = open()
      await append(store, 'odd', deposited(MOST + 1))
      await append(store, 'strange', deposited(MOST + 1))
      await using runner = runnerOf(store, balances, accountBalances, PARKING)
      const told: string[] = []
      runner.on('parked', ({ key }) => told.push(key))
      await runner.start()
      await balances.waitFor((await store.head())?.position)

      await runner.discardParked(NAME, 'account-odd', {
        position: globalPosition(1),
        reason: 'one',
      })
      await balances.waitFor(await append(store, '1', deposited(1)))
      await runner.discardParked(NAME, 'account-strange', {
        position: globalPosition(2),
        reason: 'two',
      })
      await balances.waitFor(await append(store, '1', deposited(1)))
      await balances.waitFor(await append(store, 'odd', deposited(3)))

      expect(await parkedOf(runner)).toMatchObject([
        [1, expect.any(String), 'one'],
        [1, expect.any(String), 'two'],
      ])
      expect(await balances.get('account-odd')).toEqual({ owner: '', cents: 3, events: 1 })
      expect(told).toEqual(['account-odd', 'account-strange'])
    })

    test('is not missed when the rest is verified', async () => {
      const store = openStore()
      await append(store, 'odd', deposited(MOST + 1))
      await append(store, '1', deposited(1))
      const runner = runnerOf(store, open(), accountBalances, PARKING)
      await runner.runUntilCaughtUp()

      expect(await runner.verify(NAME)).toMatchObject([{ isIdentical: true, differences: [] }])
    })
  })
}
