import { randomUUID } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import type { Balance } from '../../../examples/bank-account/account-balances.ts'
import { accountEvents } from '../../../examples/bank-account/account-events.ts'
import { openBankHistory } from '../../../examples/bank-account/bank-history.ts'
import { createBank, type Bank } from '../../../examples/bank-account/bank.ts'
import { runBank } from '../../../examples/bank-account/run-bank.ts'
import { account } from '../../../examples/bank-account/account.ts'
import {
  memoryEventStore,
  MemoryReadModel,
  memorySnapshotStore,
} from '../../../src/adapters/memory/index.ts'
import { defineAggregate, type BuildsRecord, type GlobalPosition } from '../../../src/index.ts'
import { laneOf } from '../../../src/projections/lanes/lane-of.ts'
import { HEADER, historyFiles } from './history-file.ts'

const historyFile = historyFiles()

const ROWS = [
  '2024-01-31,7,1,credit,cash-deposit,10000,10000',
  '2024-02-01,8,2,credit,transfer-in,300,300',
  '2024-02-02,7,3,debit,cash-withdrawal,4000,6000',
]

const newBank = (): Bank =>
  createBank({
    store: memoryEventStore({ catalogs: [accountEvents] }),
    balances: new MemoryReadModel<Balance>(),
  })

async function run(bank: Bank, rows: readonly string[], occurredAt?: Date) {
  const said: string[] = []
  const history = await openBankHistory(await historyFile(HEADER, ...rows))
  const progress = { rowRead: () => undefined, end: () => undefined }
  const report = await runBank(bank, history, {
    occurredAt,
    progress,
    say: (line) => said.push(line),
  })
  return { report, said }
}

/** Writes into the live build past the runner. */
async function overwrite(
  { balances: { storage } }: Bank,
  write: { readonly key: string; readonly document: Balance },
): Promise<void> {
  const { live } = (await storage.readBuilds()) as BuildsRecord
  const number = laneOf(write.key, live.lanes)
  const previous = await storage.readLane(live, number)
  const position = previous.checkpoint?.position as GlobalPosition
  const step = { number, previous, next: { ...previous, revision: randomUUID() } }
  await storage.commit(live, step, { writes: [{ ...write, position }], park: [], unpark: [] })
}

const SECONDS = {
  import: expect.any(Number),
  project: expect.any(Number),
  rebuild: expect.any(Number),
}

describe('running the bank', () => {
  test('reports what the history came to', async () => {
    const { report } = await run(newBank(), ROWS)

    expect(report).toEqual({
      accounts: 2,
      transactions: 3,
      imported: 3,
      events: 5,
      mismatches: 0,
      balances: { '7': 6000, '8': 300 },
      rebuild: { identical: true },
      seconds: SECONDS,
    })
  })

  test('reports the balances at the end of a day, of the accounts open by then', async () => {
    const { report } = await run(newBank(), ROWS, new Date('2024-01-31T00:00:00Z'))

    expect(report).toMatchObject({ occurredAt: '2024-01-31', balancesAt: { '7': 10_000 } })
    expect(report.balancesAt).not.toHaveProperty('8')
  })

  test('counts and names the accounts that do not hold what the file says', async () => {
    const { report, said } = await run(newBank(), [...ROWS, '2024-02-03,8,4,credit,interest,1,300'])

    expect(report).toMatchObject({ mismatches: 1, balances: { '7': 6000, '8': 301 } })
    expect(said).toContain('  account 8: 3.00 in the file, but it is 3.01')
  })

  test('finds a read model that somebody else changed', async () => {
    const bank = newBank()
    await run(bank, ROWS)
    await overwrite(bank, { key: 'account-7', document: { owner: 'Eve', cents: 1 } })

    const { report, said } = await run(bank, ROWS)

    expect(report).toMatchObject({ mismatches: 0, rebuild: { identical: false } })
    expect(said).toContain('  account 7: 60.00 in the file, but it is 0.01')
  })

  test('keeps snapshots that an audit compares, also with a reducer that is broken', async () => {
    const bank = createBank({
      store: memoryEventStore({ catalogs: [accountEvents] }),
      balances: new MemoryReadModel<Balance>(),
      snapshots: memorySnapshotStore(),
    })
    const rows = Array.from({ length: 12 }, (_, index) => {
      const day = String(index + 1).padStart(2, '0')
      return `2024-01-${day},7,${index + 1},credit,interest,5,${5 * (index + 1)}`
    })
    const broken = defineAggregate({
      ...account,
      evolve: { ...account.evolve, InterestCredited: (state) => state },
    })

    const { report, said } = await run(bank, rows)
    const audit = await bank.repository.audit(broken)

    expect(report.snapshots).toEqual({ taken: 1, failed: 0, audited: 1, drifts: 0 })
    expect(said).toContain('Took 1 snapshots (0 failed). Audited 1: 0 accounts drift.')
    expect(audit.drifts).toMatchObject([
      { streamId: 'account-7', version: 10, path: 'balance', kept: 45, folded: 0 },
    ])
  })

  test('comes to the same when it runs again', async () => {
    const bank = newBank()
    const { report: first } = await run(bank, ROWS)

    const { report: second } = await run(bank, ROWS)

    expect(second).toEqual({ ...first, imported: 0, seconds: SECONDS })
  })
})
