import { EverfoldError } from '../../src/index.ts'
import { describeAccountHistory } from './account-history.ts'
import { openBankHistory } from './bank-history.ts'
import { BalancesProcesses } from './balances-processes.ts'
import { openBank, SCHEMA, type Bank, type BankPlace } from './bank.ts'
import { describeCorrection } from './correction.ts'
import { startOfDay } from './day.ts'
import { HistoryError } from './history-error.ts'
import { readOptions, USAGE, UsageError, type Options } from './options.ts'
import { showProgress } from './progress.ts'
import { describeReport } from './report.ts'
import { runBank } from './run-bank.ts'
import { SinkError } from './sinks.ts'
import { isSystemError } from './system-error.ts'

try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) console.log(USAGE)
  else process.exitCode = await main(options)
} catch (error) {
  process.exitCode = error instanceof UsageError ? 2 : 1
  console.error(describeError(error))
}

/** @returns the exit status. */
async function main(options: Options): Promise<number> {
  const { transactions, occurredAt, account, correction, json } = options
  // With --json, standard output holds the document and nothing else.
  const out = json ? process.stderr : process.stdout
  const say = (line: string): void => void out.write(`${line}\n`)

  const history = await openBankHistory(transactions)
  await using bank = await openBank(bankPlaceOf(options))
  await using processes = await startProcesses(options, bank)
  say(`Importing ${history.file} into ${placeOf(options)}.`)
  const report = await runBank(bank, history, {
    occurredAt: occurredAt === undefined ? undefined : startOfDay(occurredAt),
    progress: showProgress(out, { bytes: history.bytes, say }),
    processes,
    searched: account,
    say,
  })

  if (json) console.log(JSON.stringify(report))
  else describeReport(report).forEach(say)
  if (account !== undefined) {
    const lines = await describeAccountHistory(bank.repository, account)
    if (lines.length === 0) throw new UsageError(`--account '${account}' is not in the log.`)
    ;['', ...lines].forEach(say)
  }
  if (correction) ['', ...(await describeCorrection())].forEach(say)
  const isSound = report.mismatches === 0 && report.rebuild.identical
  return isSound && (report.snapshots?.drifts ?? 0) === 0 ? 0 : 1
}

function bankPlaceOf(options: Options): BankPlace {
  const { dataDir, postgres, eventStoreUrl, redis, elasticsearch, snapshots } = options
  const urls = { postgresUrl: postgres, redisUrl: redis, elasticsearchUrl: elasticsearch }
  return { dataDir, eventStoreUrl, ...urls, snapshots }
}

async function startProcesses(
  options: Options,
  { runner }: Bank,
): Promise<BalancesProcesses | undefined> {
  if (options.runners === 1) return undefined
  return BalancesProcesses.start(options.runners, { place: bankPlaceOf(options), runner })
}

/** Without the password that the URL of a server can hold. */
function placeOf({ postgres, eventStoreUrl, dataDir = 'memory' }: Options): string {
  if (eventStoreUrl !== undefined) return `KurrentDB at ${new URL(eventStoreUrl).host}`
  if (postgres === undefined) return dataDir
  const { host, pathname } = new URL(postgres)
  return `schema ${SCHEMA} of ${host}${pathname}`
}

/** One line for what a user can mend; the whole error for what is a bug. */
function describeError(error: unknown): unknown {
  if (error instanceof UsageError) return `${error.message} See --help.`
  const isExpected =
    error instanceof HistoryError ||
    error instanceof SinkError ||
    EverfoldError.is(error) ||
    isSystemError(error)
  return isExpected ? `Error: ${error.message}` : error
}
