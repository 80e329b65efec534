import { describe, expect, test } from '@jest/globals'
import type { Balance } from '../../../examples/bank-account/account-balances.ts'
import { accountEvents } from '../../../examples/bank-account/account-events.ts'
import { openBankHistory } from '../../../examples/bank-account/bank-history.ts'
import { createBank } from '../../../examples/bank-account/bank.ts'
import { runBank } from '../../../examples/bank-account/run-bank.ts'
import { account } from '../../../examples/bank-account/account.ts'
import {
  memoryEventStore,
  MemoryReadModel,
  memorySnapshotStore,
} from '../../../src/adapters/memory/index.ts'
import { defineAggregate } from '../../../src/index.ts'
import { historyFiles } from './history-file.ts'
import { noRealHistory, readRealHistory } from './real-history.ts'

const historyFile = historyFiles()
const ROWS = 2000

const suite = noRealHistory === undefined ? describe : describe.skip
const reason = noRealHistory === undefined ? '' : ` (skipped: ${noRealHistory})`

suite(`the beginning of a real bank's history${reason}`, () => {
  test('comes to the balances that the bank states', async () => {
    const { lines, balances } = await readRealHistory(ROWS)
    const history = await openBankHistory(await historyFile(...lines))
    const bank = createBank({
      store: memoryEventStore({ catalogs: [accountEvents] }),
      balances: new MemoryReadModel<Balance>(),
      snapshots: memorySnapshotStore(),
    })
    const broken = defineAggregate({
      ...account,
      evolve: { ...account.evolve, MoneyWithdrawn: (state) => state },
    })

    const report = await runBank(bank, history, {
      progress: { rowRead: () => undefined, end: () => undefined },
      say: () => undefined,
    })

    const audit = await bank.repository.audit(broken)

    expect(report.snapshots).toMatchObject({ failed: 0, drifts: 0 })
    expect(report.snapshots?.audited).toBeGreaterThan(0)
    expect(audit.drifts.length).toBeGreaterThan(0)
    expect(report).toMatchObject({
      transactions: ROWS,
      imported: ROWS,
      mismatches: 0,
      balances,
      rebuild: { identical: true },
    })
  })
})
