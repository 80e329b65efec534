import type { Balance } from './account-balances.ts'
import type { AccountTransaction } from './account-transactions.ts'
import type { Mismatch } from './check-balances.ts'
import type { ImportedHistory } from './import-history.ts'
import { formatCents, formatCount } from './money.ts'
import type { TransactionQuery } from './sinks.ts'

/** What a run came to, as `--json` prints it. Balances are whole cents by account id. */
export interface Report {
  /** Accounts in the file. */
  readonly accounts: number
  /** Transactions in the file. */
  readonly transactions: number
  /** Transactions that this run added to the log. */
  readonly imported: number
  /** Events in the log. */
  readonly events: number
  /** Accounts whose balance is not what the file says, in all sinks together. */
  readonly mismatches: number
  readonly balances: Readonly<Record<string, number>>
  /** The balances in each sink, by its name, as read back from it; absent: there is none beside an embedded database. */
  readonly sinks?: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** The read model that was built anew equals the one from before. */
  readonly rebuild: { readonly identical: boolean }
  /** Processes that projected the balances, and how many of them were killed half-way; absent: this one did. */
  readonly processes?: { readonly started: number; readonly killed: number }
  /** Absent: none are kept. */
  readonly snapshots?: SnapshotsReport
  /** A calendar day, YYYY-MM-DD. */
  readonly occurredAt?: string
  /** The balances at the end of that day. An account not open by then is missing. */
  readonly balancesAt?: Readonly<Record<string, number>>
  readonly seconds: { readonly import: number; readonly project: number; readonly rebuild: number }
}

export interface SnapshotsReport {
  /** Snapshots that this run took. */
  readonly taken: number
  readonly failed: number
  /** Snapshots that were compared with a fold of all events. */
  readonly audited: number
  /** Accounts with a snapshot that differs. */
  readonly drifts: number
}

const LISTED_MISMATCHES = 10

export function describeImport(history: ImportedHistory, seconds: number): readonly string[] {
  const { imported, transactions, statedBalances } = history
  return [
    `Imported ${formatCount(imported)} of ${formatCount(transactions)} transactions of ${formatCount(statedBalances.size)} accounts in ${seconds} s.`,
  ]
}

/** @param lanes how many each process has. */
export function describeProcesses(lanes: readonly number[]): readonly string[] {
  return [
    `${lanes.length} processes project the balances meanwhile. Lanes of each: ${lanes.join(', ')}.`,
  ]
}

export function describeKill([lanes = 0]: readonly number[]): readonly string[] {
  return [`The first of the processes, which had ${lanes} lanes, was killed half-way.`]
}

export function describeCheck(mismatches: readonly Mismatch[], seconds: number): readonly string[] {
  const more = mismatches.length - LISTED_MISMATCHES
  return [
    `Built the balances in ${seconds} s: ${formatCount(mismatches.length)} mismatches with the file.`,
    ...mismatches.slice(0, LISTED_MISMATCHES).map(describeMismatch),
    ...(more > 0 ? [`  and ${formatCount(more)} more`] : []),
  ]
}

/** @param sinks their names, and how many mismatches with the file each has. */
export function describeSinks(sinks: ReadonlyMap<string, number>): readonly string[] {
  return [...sinks].map(
    ([name, mismatches]) => `In ${name}: ${formatCount(mismatches)} mismatches with the file.`,
  )
}

export function describeLeaderboard(richest: readonly Balance[]): readonly string[] {
  return [
    'The highest balances, by Redis:',
    ...richest.map(({ owner, cents }) => `${owner.padStart(20)}${formatCents(cents).padStart(18)}`),
  ]
}

export function describeSearch(
  { accountId, moreThanCents }: Pick<TransactionQuery, 'accountId' | 'moreThanCents'>,
  found: readonly AccountTransaction[],
): readonly string[] {
  return [
    `Withdrawals over ${formatCents(moreThanCents)} by account ${accountId} in May, by Elasticsearch: ${formatCount(found.length)}`,
    ...found.map(({ day, cents }) => `${day.padStart(20)}${formatCents(cents).padStart(18)}`),
  ]
}

export function describeRebuild(identical: boolean, seconds: number): readonly string[] {
  return [
    identical
      ? `Rebuilt them beside the live ones in ${seconds} s: identical. Readers see the new ones now.`
      : `Rebuilt them beside the live ones in ${seconds} s: they differ. Somebody else changed the live ones.`,
  ]
}

export function describeSnapshots(snapshots: SnapshotsReport): readonly string[] {
  const { taken, failed, audited, drifts } = snapshots
  return [
    `Took ${formatCount(taken)} snapshots (${formatCount(failed)} failed). Audited ${formatCount(audited)}: ${formatCount(drifts)} accounts drift.`,
  ]
}

/** The numbers of a report as text. */
export function describeReport(report: Report): readonly string[] {
  const { events, balances, occurredAt, balancesAt } = report
  return [
    `The log holds ${formatCount(events)} events; the balances add up to ${formatCents(sumOf(balances))}.`,
    ...(occurredAt === undefined || balancesAt === undefined
      ? []
      : ['', `Balances at the end of ${occurredAt} (UTC)`, ...describeBalances(balancesAt)]),
  ]
}

function describeMismatch({ accountId, stated, found }: Mismatch): string {
  const actual = found === undefined ? 'there is none' : `it is ${formatCents(found)}`
  return `  account ${accountId}: ${formatCents(stated)} in the file, but ${actual}`
}

function describeBalances(balances: Readonly<Record<string, number>>): readonly string[] {
  const lines = Object.entries(balances).map(
    ([accountId, cents]) => `${accountId.padStart(9)}${formatCents(cents).padStart(18)}`,
  )
  return [...lines, `${'all'.padStart(9)}${formatCents(sumOf(balances)).padStart(18)}`]
}

function sumOf(balances: Readonly<Record<string, number>>): number {
  return Object.values(balances).reduce((sum, cents) => sum + cents, 0)
}
