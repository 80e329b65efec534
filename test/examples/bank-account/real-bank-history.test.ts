import { readFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import type { Balance } from '../../../examples/bank-account/account-balances.ts'
import { accountEvents } from '../../../examples/bank-account/account-events.ts'
import { openBankHistory } from '../../../examples/bank-account/bank-history.ts'
import { createBank } from '../../../examples/bank-account/bank.ts'
import { runBank } from '../../../examples/bank-account/run-bank.ts'
import { memoryEventStore, MemoryReadModel } from '../../../src/adapters/memory/index.ts'
import { historyFiles } from './history-file.ts'

const historyFile = historyFiles()
const ROWS = 2000
const { EVERFOLD_BANK_HISTORY: file } = process.env

const suite = file === undefined ? describe.skip : describe
const reason = file === undefined ? ' (skipped: EVERFOLD_BANK_HISTORY names no file)' : ''

suite(`the beginning of a real bank's history${reason}`, () => {
  test('comes to the balances that the bank states', async () => {
    const [header = '', ...rows] = (await readFile(file ?? '', 'utf8'))
      .split(/\r?\n/)
      .slice(0, ROWS + 1)
    const cells = rows.map((row) => row.split(','))
    const balances: Record<string, number> = Object.fromEntries(
      cells.map(([, accountId = '', , , , , balance]) => [accountId, Number(balance)]),
    )
    const history = await openBankHistory(await historyFile(header, ...rows))
    const bank = createBank({
      store: memoryEventStore({ catalogs: [accountEvents] }),
      balances: new MemoryReadModel<Balance>(),
    })

    const report = await runBank(bank, history, {
      progress: { rowRead: () => undefined, end: () => undefined },
      say: () => undefined,
    })

    expect(report).toMatchObject({
      transactions: ROWS,
      imported: ROWS,
      mismatches: 0,
      balances,
      rebuild: { identical: true },
    })
  })
})
