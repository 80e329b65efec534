import type { EventReader, RecordedEvent, Repository } from '../../src/index.ts'
import { account, type AccountCommand } from './account.ts'
import { accountEvents } from './account-events.ts'
import { startOfDay } from './day.ts'
import type { HistoryRow } from './history-row.ts'
import type { Operation, Transaction } from './transaction.ts'

/** What a bank history came to. */
export interface ImportedHistory {
  /** Transactions in the file; one that stands there twice counts once. */
  readonly transactions: number
  /** Transactions that were not in the log before. */
  readonly imported: number
  /** What each account of the file holds after its last transaction, in cents, as the file says. */
  readonly statedBalances: ReadonlyMap<string, number>
}

/**
 * Imports a bank history through the account aggregate, in the order of its rows.
 *
 * The id of a transaction is the id of its command, so a transaction that was imported before, by this run or an earlier one,
 * is not imported again.
 *
 * @throws {HistoryError} a row is malformed or contradicts an imported one. Nothing of it is imported; the rows before it are.
 */
export async function importHistory(
  rows: AsyncIterable<HistoryRow>,
  bank: { readonly store: EventReader; readonly repository: Repository },
  onRow: (row: HistoryRow) => void = () => undefined,
): Promise<ImportedHistory> {
  const accountOf = await accountsByTransaction(bank.store)
  const seen = new Set<string>()
  const statedBalances = new Map<string, number>()
  let imported = 0
  for await (const row of rows) {
    const { accountId, transactionId, balanceCents } = row.transaction
    const knownAccount = accountOf.get(transactionId)
    if (knownAccount !== undefined) row.checkSameAs({ ...row.transaction, accountId: knownAccount })
    if (!statedBalances.has(accountId)) await openAccount(row.transaction, bank.repository)
    row.checkSameAs(await importTransaction(row.transaction, bank.repository))
    if (!seen.has(transactionId)) statedBalances.set(accountId, balanceCents)
    if (knownAccount === undefined) imported++
    seen.add(transactionId)
    accountOf.set(transactionId, accountId)
    onRow(row)
  }
  return { transactions: seen.size, imported, statedBalances }
}

/** The accounts of all transactions in the log: a command id is unique in one account, a transaction id in all of them. */
async function accountsByTransaction(store: EventReader): Promise<Map<string, string>> {
  const accountOf = new Map<string, string>()
  for await (const { events } of store.readAll({ categories: [accountEvents.category] }))
    for (const transaction of events.flatMap(transactionsOf))
      accountOf.set(transaction.transactionId, transaction.accountId)
  return accountOf
}

/** The first row of an account opens it: bank histories do not tell of openings, nor of owners. */
async function openAccount(
  { accountId, date }: Transaction,
  repository: Repository,
): Promise<void> {
  const command: AccountCommand = {
    type: 'Open',
    owner: `Owner of account ${accountId}`,
    occurredAt: startOfDay(date),
  }
  await repository.execute(account, accountId, command, { commandId: `open-${accountId}` })
}

/** Answers with the transaction as the log has it: an earlier one, if its id was imported before. */
async function importTransaction(
  transaction: Transaction,
  repository: Repository,
): Promise<Transaction> {
  const { events } = await repository.execute(
    account,
    transaction.accountId,
    commandOf(transaction),
    { commandId: transaction.transactionId, metadata: { transaction } },
  )
  return events.flatMap(transactionsOf)[0] ?? transaction
}

/** The transaction that an event was imported from: none, or one. */
function transactionsOf({ metadata }: RecordedEvent): readonly Transaction[] {
  const transaction = metadata['transaction'] as Transaction | undefined
  return transaction === undefined ? [] : [transaction]
}

function commandOf({ operation, amountCents, date }: Transaction): AccountCommand {
  return COMMANDS[operation]({ cents: amountCents, occurredAt: startOfDay(date) })
}

/** History has happened: the bank approved every overdraft in it. */
const COMMANDS: {
  readonly [O in Operation]: (amount: {
    cents: number
    occurredAt: Date | undefined
  }) => AccountCommand
} = {
  'cash-deposit': (amount) => ({ type: 'Deposit', ...amount }),
  'transfer-in': (amount) => ({ type: 'TransferIn', ...amount }),
  interest: (amount) => ({ type: 'CreditInterest', ...amount }),
  'cash-withdrawal': (amount) => ({ type: 'Withdraw', ...amount, overdraft: 'approved' }),
  'card-withdrawal': (amount) => ({ type: 'Withdraw', ...amount, overdraft: 'approved' }),
  'transfer-out': (amount) => ({ type: 'TransferOut', ...amount, overdraft: 'approved' }),
}
