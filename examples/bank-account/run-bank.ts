import { asOf, streamId, type EventReader } from '../../src/index.ts'
import { accountBalances, type Balance } from './account-balances.ts'
import { accountEvents } from './account-events.ts'
import type { BankHistory } from './bank-history.ts'
import type { BalancesProcesses } from './balances-processes.ts'
import type { Bank } from './bank.ts'
import { checkBalances } from './check-balances.ts'
import { dayOf, endOfDay } from './day.ts'
import { importHistory, type ImportedHistory } from './import-history.ts'
import type { Progress } from './progress.ts'
import {
  describeCheck,
  describeImport,
  describeKill,
  describeProcesses,
  describeRebuild,
  type Report,
} from './report.ts'

/** How long the processes may take to project what is left when the import is over. */
const CATCHING_UP_MS = 60_000

export interface RunBankOptions {
  /** The first moment of a calendar day: the report then holds the balances at its end, too. */
  readonly occurredAt?: Date | undefined
  /** Project while the history is imported, the first one until it is killed half-way. Undefined: this process projects, when it is imported. */
  readonly processes?: BalancesProcesses | undefined
  /** Told how far the import is. */
  readonly progress: Progress
  /** Told what was done, a line at a time. */
  readonly say: (line: string) => void
}

/**
 * The whole example: imports a history, builds the read model, checks it against the file, and rebuilds it beside the live one.
 *
 * @throws {HistoryError} the file is malformed, or contradicts what was imported before.
 */
export async function runBank(
  bank: Bank,
  history: BankHistory,
  { occurredAt, processes, progress, say }: RunBankOptions,
): Promise<Report> {
  if (processes !== undefined) describeProcesses(processes.lanes).forEach(say)
  const imported = await timed(() => importWith({ progress, processes }, history, bank))
  const { statedBalances, ...counts } = imported.result
  const accountIds = [...statedBalances.keys()]
  describeImport(imported.result, imported.seconds).forEach(say)

  const projected = await timed(() => catchUp(bank, processes))
  if (processes !== undefined && processes.killed > 0) describeKill(processes.lanes).forEach(say)
  const live = await readBalances(bank, accountIds)
  describeCheck(checkBalances(live, statedBalances), projected.seconds).forEach(say)

  const rebuilt = await timed(() => bank.runner.rebuild(accountBalances.name))
  const identical = rebuilt.result.every(({ isIdentical }) => isIdentical)
  const balances = await readBalances(bank, accountIds)
  describeRebuild(identical, rebuilt.seconds).forEach(say)

  return {
    accounts: accountIds.length,
    ...counts,
    events: await countEvents(bank.store),
    mismatches: checkBalances(balances, statedBalances).length,
    balances: Object.fromEntries(balances),
    rebuild: { identical },
    ...(processes && {
      processes: { started: processes.lanes.length, killed: processes.killed },
    }),
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

/** Brings the read model to where the log ends: waits for the processes that do it, or does it here. */
async function catchUp(
  { store, balances, runner }: Bank,
  processes: BalancesProcesses | undefined,
): Promise<void> {
  if (processes === undefined) return runner.runUntilCaughtUp()
  const head = await store.head()
  await balances.waitFor(head?.position, { timeoutMs: CATCHING_UP_MS })
}

/** What the read model says now. An account that it does not have is missing. */
async function readBalances(
  { balances }: Bank,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  return centsByAccount(await balances.getMany(accountIds.map(keyOf)), accountIds)
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

function centsByAccount(
  documents: ReadonlyMap<string, Balance>,
  accountIds: readonly string[],
): ReadonlyMap<string, number> {
  return new Map(
    accountIds.flatMap((id) => {
      const balance = documents.get(keyOf(id))
      return balance === undefined ? [] : [[id, balance.cents] as const]
    }),
  )
}

const keyOf = (accountId: string): string => streamId(accountEvents.category, accountId)

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
