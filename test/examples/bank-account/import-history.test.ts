import { describe, expect, test } from '@jest/globals'
import { account } from '../../../examples/bank-account/account.ts'
import { openBankHistory } from '../../../examples/bank-account/bank-history.ts'
import { HistoryError } from '../../../examples/bank-account/history-error.ts'
import {
  importHistory,
  type ImportedHistory,
} from '../../../examples/bank-account/import-history.ts'
import { memoryEventStore } from '../../../src/adapters/memory/index.ts'
import { accountEvents } from '../../../examples/bank-account/account-events.ts'
import { Repository, type EventReader } from '../../../src/index.ts'
import { HEADER, historyFiles } from './history-file.ts'

const historyFile = historyFiles()

const DEPOSIT = '2024-01-31,7,1,credit,cash-deposit,10000,10000'
const TRANSFER = '2024-02-01,7,2,credit,transfer-in,500,10500'
const WITHDRAWAL = '2024-02-02,7,3,debit,card-withdrawal,20000,-9500'

function openBank() {
  const store = memoryEventStore({ catalogs: [accountEvents] })
  const repository = new Repository({ store })
  const importRows = async (...rows: readonly string[]): Promise<ImportedHistory> => {
    const history = await openBankHistory(await historyFile(HEADER, ...rows))
    return importHistory(history.rows(), { store, repository })
  }
  return { store, repository, importRows }
}

async function eventsOf(store: EventReader): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { events } of store.readAll())
    for (const { streamId, type, occurredAt } of events)
      found.push(`${streamId} ${type} ${occurredAt.toISOString()}`)
  return found
}

describe('importing a bank history', () => {
  test('opens each account on the day of its first row, then follows the rows', async () => {
    const { store, importRows } = openBank()

    await importRows(DEPOSIT, '2024-02-01,8,4,credit,transfer-in,100,100', TRANSFER)

    expect(await eventsOf(store)).toEqual([
      'account-7 AccountOpened 2024-01-31T00:00:00.000Z',
      'account-7 MoneyDeposited 2024-01-31T00:00:00.000Z',
      'account-8 AccountOpened 2024-02-01T00:00:00.000Z',
      'account-8 TransferReceived 2024-02-01T00:00:00.000Z',
      'account-7 TransferReceived 2024-02-01T00:00:00.000Z',
    ])
  })

  test.each([
    { operation: 'cash-deposit', type: 'credit', event: 'MoneyDeposited' },
    { operation: 'transfer-in', type: 'credit', event: 'TransferReceived' },
    { operation: 'interest', type: 'credit', event: 'InterestCredited' },
    { operation: 'cash-withdrawal', type: 'debit', event: 'MoneyWithdrawn' },
    { operation: 'card-withdrawal', type: 'debit', event: 'MoneyWithdrawn' },
    { operation: 'transfer-out', type: 'debit', event: 'TransferSent' },
  ])('turns $operation into $event', async ({ operation, type, event }) => {
    const { store, importRows } = openBank()

    await importRows(`2024-01-31,7,1,${type},${operation},5,5`)

    expect(await eventsOf(store)).toContain(`account-7 ${event} 2024-01-31T00:00:00.000Z`)
  })

  test('lets history go below zero', async () => {
    const { repository, importRows } = openBank()

    await importRows(DEPOSIT, WITHDRAWAL)

    const { state } = await repository.load(account, '7')
    expect(state).toEqual({ status: 'open', balance: -10_000, overdraftLimit: 0 })
  })

  test('tells what the file states', async () => {
    const { importRows } = openBank()

    const history = await importRows(DEPOSIT, '2024-02-01,8,4,credit,interest,100,100', TRANSFER)

    expect(history).toEqual({
      transactions: 3,
      imported: 3,
      statedBalances: new Map([
        ['7', 10_500],
        ['8', 100],
      ]),
    })
  })

  test('keeps the command id of every event', async () => {
    const { store, importRows } = openBank()

    await importRows(DEPOSIT)

    const commandIds = []
    for await (const { events } of store.readAll())
      commandIds.push(...events.map(({ metadata }) => metadata['commandId']))
    expect(commandIds).toEqual(['open-7', '1'])
  })
})

describe('importing again', () => {
  test('imports nothing twice', async () => {
    const { store, importRows } = openBank()
    await importRows(DEPOSIT, TRANSFER)
    const before = await eventsOf(store)

    const { transactions, imported } = await importRows(DEPOSIT, TRANSFER)

    expect({ transactions, imported }).toEqual({ transactions: 2, imported: 0 })
    expect(await eventsOf(store)).toEqual(before)
  })

  test('adds what is new', async () => {
    const { repository, importRows } = openBank()
    await importRows(DEPOSIT)

    const { transactions, imported } = await importRows(DEPOSIT, TRANSFER)

    expect({ transactions, imported }).toEqual({ transactions: 2, imported: 1 })
    expect((await repository.load(account, '7')).state.balance).toBe(10_500)
  })

  test('goes on with an account that an earlier file opened', async () => {
    const { store, importRows } = openBank()
    await importRows(DEPOSIT)

    await importRows(TRANSFER)

    expect(await eventsOf(store)).toEqual([
      'account-7 AccountOpened 2024-01-31T00:00:00.000Z',
      'account-7 MoneyDeposited 2024-01-31T00:00:00.000Z',
      'account-7 TransferReceived 2024-02-01T00:00:00.000Z',
    ])
  })

  test('counts a row that a file repeats once', async () => {
    const { importRows } = openBank()

    const history = await importRows(DEPOSIT, TRANSFER, DEPOSIT)

    expect(history).toEqual({
      transactions: 2,
      imported: 2,
      statedBalances: new Map([['7', 10_500]]),
    })
  })
})

describe('a transaction id that stands for another transaction', () => {
  test.each([
    { row: '2024-02-01,7,1,credit,cash-deposit,10000,10000', column: 'date' },
    { row: '2024-01-31,8,1,credit,cash-deposit,10000,10000', column: 'account_id' },
    { row: '2024-01-31,7,1,credit,transfer-in,10000,10000', column: 'operation' },
    { row: '2024-01-31,7,1,credit,cash-deposit,10001,10000', column: 'amount_cents' },
    { row: '2024-01-31,7,1,credit,cash-deposit,10000,10001', column: 'balance_cents' },
  ])('is refused within a file: other $column', async ({ row, column }) => {
    const { store, importRows } = openBank()

    const refused = importRows(DEPOSIT, TRANSFER, row, WITHDRAWAL)

    await expect(refused).rejects.toMatchObject({ name: 'HistoryError', line: 4, column })
    expect(await eventsOf(store)).toHaveLength(3)
  })

  test.each([
    { row: '2024-02-01,7,1,credit,cash-deposit,10000,10000', column: 'date' },
    { row: '2024-01-31,8,1,credit,cash-deposit,10000,10000', column: 'account_id' },
    { row: '2024-01-31,7,1,debit,transfer-out,10000,10000', column: 'operation' },
    { row: '2024-01-31,7,1,credit,cash-deposit,9999,10000', column: 'amount_cents' },
  ])('is refused in a later file: other $column', async ({ row, column }) => {
    const { store, importRows } = openBank()
    await importRows(DEPOSIT)

    const refused = importRows(row)

    await expect(refused).rejects.toMatchObject({ name: 'HistoryError', line: 2, column })
    expect(await eventsOf(store)).toHaveLength(2)
  })

  test('is refused with both values', async () => {
    const { importRows } = openBank()

    const refused = importRows(DEPOSIT, '2024-01-31,7,1,credit,cash-deposit,1,10000')

    await expect(refused).rejects.toThrow(
      "line 3, column amount_cents: '1', but transaction 1 was imported with '10000'.",
    )
  })
})

describe('a malformed row', () => {
  test('leaves what was imported before it, and nothing of itself', async () => {
    const { store, importRows } = openBank()

    const refused = importRows(DEPOSIT, '2024-01-31,8,9,credit,cash-deposit,x,1', TRANSFER)

    await expect(refused).rejects.toBeInstanceOf(HistoryError)
    expect(await eventsOf(store)).toEqual([
      'account-7 AccountOpened 2024-01-31T00:00:00.000Z',
      'account-7 MoneyDeposited 2024-01-31T00:00:00.000Z',
    ])
  })
})
