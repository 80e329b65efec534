import { readFile } from 'node:fs/promises'
import { streamId, type DomainEvent, type StreamId } from '../../src/index.ts'
import { accountEvents } from '../domain/account.ts'
import { realHistory } from '../examples/bank-account/real-history.ts'

const STATEMENT = new URL('../../examples/bank-account/statement.csv', import.meta.url)

/** A transaction of a bank's file. */
export interface BankRow {
  readonly account: StreamId
  readonly event: DomainEvent
  /** What the file states after it, in cents. */
  readonly balanceCents: number
}

/** The rows of a real bank's history where there is one, else those of the statement that ships with the example. */
export async function bankRows(): Promise<readonly BankRow[]> {
  const text = await readFile(realHistory ?? STATEMENT, 'utf8')
  const [header = '', ...rows] = text.trimEnd().split(/\r?\n/)
  const columns = header.split(',')
  return rows.map((row) => {
    const cells = row.split(',')
    const cell = (name: string): string => cells[columns.indexOf(name)] ?? ''
    const cents = Number(cell('amount_cents'))
    const event =
      cell('type') === 'credit'
        ? accountEvents.MoneyDeposited({ cents })
        : accountEvents.MoneyWithdrawn({ cents })
    return {
      account: streamId(accountEvents.category, cell('account_id')),
      event,
      balanceCents: Number(cell('balance_cents')),
    }
  })
}

/** What the file states after some rows, in cents by account. */
export function statedAfter(rows: readonly BankRow[]): ReadonlyMap<string, number> {
  return new Map(rows.map(({ account, balanceCents }) => [account, balanceCents]))
}
