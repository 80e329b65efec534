import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { openBankHistory } from '../../../examples/bank-account/bank-history.ts'
import { HistoryError } from '../../../examples/bank-account/history-error.ts'
import type { Transaction } from '../../../examples/bank-account/transaction.ts'
import { HEADER, historyFiles, temporaryFolder } from './history-file.ts'

const historyFile = historyFiles()
const newFolder = temporaryFolder()

const GOOD_ROW = '2024-01-31,7,1,credit,cash-deposit,10000,10000'
const GOOD: Transaction = {
  date: '2024-01-31',
  accountId: '7',
  transactionId: '1',
  operation: 'cash-deposit',
  amountCents: 10_000,
  balanceCents: 10_000,
}

/** Reads a file to its end, or to its first malformed row. */
async function read(
  file: string,
): Promise<{ readonly transactions: readonly Transaction[]; readonly error: unknown }> {
  const transactions: Transaction[] = []
  try {
    const history = await openBankHistory(file)
    for await (const { transaction } of history.rows()) transactions.push(transaction)
    return { transactions, error: undefined }
  } catch (error) {
    return { transactions, error }
  }
}

describe('a bank history', () => {
  test('is read row by row, with the line of each', async () => {
    const { rows } = await openBankHistory(
      await historyFile(HEADER, GOOD_ROW, '', '2024-02-29,7,2,debit,transfer-out,10001,-1'),
    )

    const found = []
    for await (const { line, transaction } of rows()) found.push({ line, ...transaction })

    expect(found).toEqual([
      { line: 2, ...GOOD },
      {
        line: 4,
        date: '2024-02-29',
        accountId: '7',
        transactionId: '2',
        operation: 'transfer-out',
        amountCents: 10_001,
        balanceCents: -1,
      },
    ])
  })

  test.each([
    { what: 'a byte order mark', text: `\ufeff${HEADER}\n${GOOD_ROW}\n` },
    { what: 'the line ends of Windows', text: `${HEADER}\r\n${GOOD_ROW}\r\n` },
    { what: 'mixed line ends', text: `${HEADER}\r\n${GOOD_ROW}\n` },
    { what: 'no line end after the last row', text: `${HEADER}\n${GOOD_ROW}` },
    {
      what: 'quoted fields',
      text: `${HEADER}\n"2024-01-31",7,"1",credit,cash-deposit,10000,10000\n`,
    },
    { what: 'columns of its own', text: `note,${HEADER},hint\n"a, b",${GOOD_ROW},\n` },
    {
      what: 'columns in another order',
      text: 'balance_cents,amount_cents,operation,type,transaction_id,account_id,date\n10000,10000,cash-deposit,credit,1,7,2024-01-31\n',
    },
  ])('may have $what', async ({ text }) => {
    const file = join(await newFolder(), 'history.csv')
    await writeFile(file, text)

    expect(await read(file)).toEqual({ transactions: [GOOD], error: undefined })
  })

  test('may have no transactions', async () => {
    expect(await read(await historyFile(HEADER))).toEqual({ transactions: [], error: undefined })
  })
})

describe('a malformed row is refused with its line and column, after the rows before it', () => {
  test.each([
    {
      row: '2023-02-29,7,2,credit,interest,1,10001',
      column: 'date',
      says: "'2023-02-29' is no day",
    },
    {
      row: '1993-02-30,7,2,credit,interest,1,10001',
      column: 'date',
      says: "'1993-02-30' is no day",
    },
    {
      row: '31.01.2024,7,2,credit,interest,1,10001',
      column: 'date',
      says: "'31.01.2024' is no day",
    },
    { row: ',7,2,credit,interest,1,10001', column: 'date', says: "'' is no day" },
    { row: '2024-01-31,x,2,credit,interest,1,10001', column: 'account_id', says: "'x' is no id" },
    { row: '2024-01-31,07,2,credit,interest,1,10001', column: 'account_id', says: "'07' is no id" },
    { row: '2024-01-31,7,,credit,interest,1,10001', column: 'transaction_id', says: "'' is no id" },
    { row: '2024-01-31,7,2,Credit,interest,1,10001', column: 'type', says: "'Credit' is unknown" },
    { row: '2024-01-31,7,2,credit,gift,1,10001', column: 'operation', says: "'gift' is unknown" },
    { row: '2024-01-31,7,2,credit,toString,1,10001', column: 'operation', says: 'is unknown' },
    { row: '2024-01-31,7,2,debit,interest,1,10001', column: 'type', says: 'interest is a credit' },
    {
      row: '2024-01-31,7,2,credit,interest,1.5,10001',
      column: 'amount_cents',
      says: "'1.5' is no",
    },
    {
      row: '2024-01-31,7,2,credit,interest,,10001',
      column: 'amount_cents',
      says: "'' is no whole",
    },
    {
      row: '2024-01-31,7,2,credit,interest,1e3,10001',
      column: 'amount_cents',
      says: "'1e3' is no",
    },
    { row: '2024-01-31,7,2,credit,interest,0,10000', column: 'amount_cents', says: 'not above 0' },
    { row: '2024-01-31,7,2,credit,interest,-1,9999', column: 'amount_cents', says: 'not above 0' },
    {
      row: '2024-01-31,7,2,credit,interest,9007199254740993,1',
      column: 'amount_cents',
      says: 'is no whole number of cents',
    },
    { row: '2024-01-31,7,2,credit,interest,1,many', column: 'balance_cents', says: "'many' is no" },
    { row: '2024-01-31,7,2,credit,interest,1', column: 'balance_cents', says: 'has 6 fields' },
    { row: '2024-01-31,7,2,credit,interest,1,10001,,', column: '8', says: 'has 9 fields' },
  ])('$row', async ({ row, column, says }) => {
    const file = await historyFile(HEADER, GOOD_ROW, row, GOOD_ROW)

    const { transactions, error } = await read(file)

    expect(transactions).toEqual([GOOD])
    expect(error).toBeInstanceOf(HistoryError)
    expect(error).toMatchObject({ line: 3, column })
    expect(String(error)).toContain(`${file}, line 3, column ${column}: `)
    expect(String(error)).toContain(says)
  })

  test('a quote that is never closed', async () => {
    const file = await historyFile(HEADER, GOOD_ROW, `"${GOOD_ROW}`, GOOD_ROW)

    const { transactions, error } = await read(file)

    expect(transactions).toEqual([GOOD])
    expect(error).toMatchObject({ line: 3, message: expect.stringContaining('never closed') })
  })
})

describe('a file is refused', () => {
  test.each([
    { what: 'that is empty', lines: [], line: 1, column: 'date', says: 'is empty' },
    {
      what: 'whose header lacks a column',
      lines: [HEADER.replace(',amount_cents', ''), GOOD_ROW],
      line: 1,
      column: 'amount_cents',
      says: 'does not name it',
    },
    {
      what: 'whose header names a column twice',
      lines: [`${HEADER},type`, `${GOOD_ROW},debit`],
      line: 1,
      column: 'type',
      says: 'names it twice',
    },
    {
      what: 'without a header',
      lines: [GOOD_ROW],
      line: 1,
      column: 'date',
      says: 'does not name it',
    },
  ])('$what', async ({ lines, line, column, says }) => {
    const { transactions, error } = await read(await historyFile(...lines))

    expect(transactions).toEqual([])
    expect(error).toMatchObject({ line, column, message: expect.stringContaining(says) })
  })

  test('that does not exist', async () => {
    const { error } = await read('/nowhere/history.csv')

    expect(error).toMatchObject({
      name: 'HistoryError',
      message: '/nowhere/history.csv: there is no such file.',
    })
  })

  test('that is a folder', async () => {
    const folder = await newFolder()

    const { error } = await read(folder)

    expect(error).toMatchObject({ message: `${folder}: it is a folder, not a file.` })
  })
})
