import { asOf, type EventReader } from '../../src/index.ts'
import { accountBalances } from './account-balances.ts'
import { account } from './account.ts'
import type { BankHistory } from './bank-history.ts'
import type { BalancesProcesses } from './balances-processes.ts'
import type { Bank } from './bank.ts'
import { checkBalances } from './check-balances.ts'
import { dayOf, endOfDay } from './day.ts'
import { importHistory, type ImportedHistory } from './import-history.ts'
import type { Progress } from './progress.ts'
import { centsByAccount, keyOf, readBalances } from './read-balances.ts'
import {
  describeCheck,
  describeImport,
  describeKill,
  describeLeaderboard,
  describeProcesses,
  describeRebuild,
  describeSearch,
  describeSinks,
  describeSnapshots,
  type Report,
  type SnapshotsReport,
} from './report.ts'

/** How long the processes may take to project what is left when the import is over. */
const CATCHING_UP_MS = 60_000

/** How many accounts the leaderboard shows. */
const LEADERS = 5

/** What is searched for: withdrawals over 10,000 in May. */
const SEARCH = { month: 5, moreThanCents: 1_000_000 }

export interface RunBankOptions {
  /** The first moment of a calendar day: the report then holds the balances at its end, too. */
  readonly occurredAt?: Date | undefined
  /** Project while the history is imported, the first one until it is killed half-way. Undefined: this process projects, when it is imported. */
  readonly processes?: BalancesProcesses | undefined
  /** Whose transactions are searched for, where there is a search. Default: the first account of the file. */
  readonly searched?: string | undefined
  /** Told how far the import is. */
  readonly progress: Progress
  /** Told what was done, a line at a time. */
  readonly say: (line: string) => void
}

/**
 * The whole example: imports a history, builds the read model, checks it against the file, and rebuilds it beside the live one. Where the bank keeps snapshots,
 * they are audited.
 *
 * @throws {HistoryError} the file is malformed, or contradicts what was imported before.
 */
export async function runBank(
  bank: Bank,
  history: BankHistory,
  { occurredAt, processes, searched, progress, say }: RunBankOptions,
): Promise<Report> {
  if (processes !== undefined) describeProcesses(processes.lanes).forEach(say)
  const imported = await timed(() => importWith({ progress, processes }, history, bank))
  const { statedBalances, ...counts } = imported.result
  const accountIds = [...statedBalances.keys()]
  describeImport(imported.result, imported.seconds).forEach(say)

  const projected = await timed(() => catchUp(bank, processes))
  if (processes !== undefined && processes.killed > 0) describeKill(processes.lanes).forEach(say)
  const live = await readBalances(bank.balances, accountIds)
  describeCheck(checkBalances(live, statedBalances), projected.seconds).forEach(say)

  const rebuilt = await timed(() => bank.runner.rebuild(accountBalances.name))
  const identical = rebuilt.result.every(({ isIdentical }) => isIdentical)
  const balances = await readBalances(bank.balances, accountIds)
  describeRebuild(identical, rebuilt.seconds).forEach(say)
  const sinks = await readSinks(bank, accountIds)
  const checked = new Map(
    [...sinks].map(([name, held]) => [name, checkBalances(held, statedBalances).length]),
  )
  describeSinks(checked).forEach(say)
  ;(await askSinks(bank, searched ?? accountIds[0] ?? '')).forEach(say)

  const snapshots = bank.hasSnapshots ? await auditSnapshots(bank) : undefined
  if (snapshots !== undefined) describeSnapshots(snapshots).forEach(say)

  return {
    accounts: accountIds.length,
    ...counts,
    events: await countEvents(bank.store),
    mismatches: [...checked.values()].reduce(
      (sum, count) => sum + count,
      checkBalances(balances, statedBalances).length,
    ),
    balances: Object.fromEntries(balances),
    ...(sinks.size > 0 && {
      sinks: Object.fromEntries(
        [['postgres', balances] as const, ...sinks].map(([name, held]) => [
          name,
          Object.fromEntries(held),
        ]),
      ),
    }),
    rebuild: { identical },
    ...(processes && {
      processes: { started: processes.lanes.length, killed: processes.killed },
    }),
    ...(snapshots && { snapshots }),
    ...(occurredAt && {
      occurredAt: dayOf(occurredAt),
      balancesAt: Object.fromEntries(await balancesAtEndOf(occurredAt, bank, accountIds)),
    }),
    seconds: {
      import: imported.seconds,
      project: projected.seconds,
      rebuild: rebuilt.seconds,
    },
  }
}

async function importWith(
  { progress, processes }: Pick<RunBankOptions, 'progress' | 'processes'>,
  history: BankHistory,
  bank: Bank,
): Promise<ImportedHistory> {
  try {
    return await importHistory(history.rows(), bank, ({ bytesRead }) => {
      progress.rowRead(bytesRead)
      if (bytesRead > history.bytes / 2) processes?.killFirst()
    })
  } finally {
    progress.end()
  }
}

/** Brings the read models to where the log ends: waits for the processes that do it, or does it here. */
async function catchUp(
  { store, balances, sinks, runner }: Bank,
  processes: BalancesProcesses | undefined,
): Promise<void> {
  if (processes === undefined) return runner.runUntilCaughtUp()
  const head = await store.head()
  const all = [balances, ...Object.values(sinks).map((sink) => sink.balances)]
  await Promise.all(all.map((each) => each.waitFor(head?.position, { timeoutMs: CATCHING_UP_MS })))
}

/** Folds all accounts again and compares them with their snapshots. */
async function auditSnapshots({ repository }: Bank): Promise<SnapshotsReport> {
  await repository.idle()
  const { taken, failed } = repository.snapshotCounts
  const { snapshots, drifts } = await repository.audit(account)
  return { taken, failed, audited: snapshots, drifts: drifts.length }
}

/** What was true at the end of a day, as known now. An account not open by then is missing. */
async function balancesAtEndOf(
  startOfDay: Date,
  { store }: Bank,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const documents = await asOf(
    accountBalances,
    { occurredAt: endOfDay(startOfDay) },
    { store, keys: accountIds.map(keyOf) },
  )
  return centsByAccount(documents, accountIds)
}

/** The balances in each of the other sinks, by its name. */
async function readSinks(
  { sinks }: Bank,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const read = new Map<string, ReadonlyMap<string, number>>()
  for (const [name, { balances }] of Object.entries(sinks))
    read.set(name, await readBalances(balances, accountIds))
  return read
}

/** Asks each of them what only its kind can tell. */
async function askSinks({ store, sinks }: Bank, accountId: string): Promise<readonly string[]> {
  const lines: string[] = []
  const through = (await store.head())?.position
  for (const { leaderboard, search } of Object.values(sinks)) {
    if (leaderboard !== undefined) lines.push(...describeLeaderboard(await leaderboard(LEADERS)))
    if (search === undefined) continue
    const query = { ...SEARCH, accountId }
    lines.push(...describeSearch(query, await search({ ...query, through })))
  }
  return lines
}

async function countEvents(store: EventReader): Promise<number> {
  let count = 0
  for await (const { events } of store.readAll()) count += events.length
  return count
}

async function timed<Result>(
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly seconds: number }> {
  const start = performance.now()
  const result = await work()
  return { result, seconds: Math.round(performance.now() - start) / 1000 }
}
