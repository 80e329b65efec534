/**
 * `tsx scripts/check-example.ts HISTORY [--report FILE]`: runs the example on a real bank history and
 * compares its answers with the balances that the file itself states.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { execFileSync } from 'node:child_process'
import { countsLine, reportCounts } from './counts.ts'
import { inRepository, repository } from './repository.ts'

const DAY = '1993-12-31'
const LAST_DAY = '9999-12-31'
const TIMEOUT_MS = 300_000

interface Answer {
  readonly accounts: number
  readonly transactions: number
  readonly imported: number
  readonly mismatches: number
  readonly balances: Balances
  readonly balancesAt?: Balances
  readonly rebuild: { readonly identical: boolean }
  readonly snapshots?: {
    readonly failed: number
    readonly audited: number
    readonly drifts: number
  }
  readonly seconds: Readonly<Record<string, number>>
}

type Balances = Readonly<Record<string, number>>

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { report: { type: 'string' } },
})
const history = resolve(positionals[0] ?? '')
const rows = (await readFile(history, 'utf8')).trim().split(/\r?\n/)

let passed = 0
let failed = 0
const dataDir = await mkdtemp(join(tmpdir(), 'everfold-example-'))
try {
  const first = example(['--snapshots'])
  const sum = Object.values(first.balances).reduce((total, cents) => total + cents, 0)
  expect('accounts', first.accounts, 575)
  expect('transactions', first.transactions, 23_012)
  expect('imported transactions', first.imported, 23_012)
  expect('mismatches', first.mismatches, 0)
  expect('sum of the balances', sum, 1_851_109_550)
  expect('balances', first.balances, statedBalances(LAST_DAY))
  expect('rebuild is identical', first.rebuild.identical, true)
  expect('snapshots that failed', first.snapshots?.failed, 0)
  expect('accounts with snapshots that were audited', (first.snapshots?.audited ?? 0) > 500, true)
  expect('accounts whose snapshots drift', first.snapshots?.drifts, 0)
  console.log(`Seconds: ${JSON.stringify(first.seconds)}`)

  const second = example(['--occurred-at', DAY])
  expect('transactions imported by a second run', second.imported, 0)
  expect('balances after a second run', second.balances, statedBalances(LAST_DAY))
  expect(`balances of ${DAY}`, second.balancesAt, statedBalances(DAY))
} catch (error) {
  expect('the example runs', String(error), 'no error')
} finally {
  await rm(dataDir, { recursive: true, force: true })
}
const counts = { passed, failed, skipped: 0 }
console.log(`Example: ${countsLine(counts)}`)
reportCounts(values.report, counts)
if (failed > 0) process.exitCode = 1

function example(options: readonly string[]): Answer {
  const output = execFileSync(
    process.execPath,
    [
      inRepository('node_modules/tsx/dist/cli.mjs'),
      'examples/bank-account/main.ts',
      '--transactions',
      history,
      '--data-dir',
      dataDir,
      '--json',
      ...options,
    ],
    {
      cwd: repository,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: TIMEOUT_MS,
    },
  )
  return JSON.parse(output) as Answer
}

/** The last balance of each account up to the end of a day, in the file's own column. */
function statedBalances(day: string): Balances {
  const columns = rows[0]?.split(',') ?? []
  const balances: Record<string, number> = {}
  for (const row of rows.slice(1)) {
    const cells = row.split(',')
    const cell = (name: string): string => cells[columns.indexOf(name)] ?? ''
    if (cell('date') <= day) balances[cell('account_id')] = Number(cell('balance_cents'))
  }
  return balances
}

function expect(what: string, actual: unknown, expected: unknown): void {
  const isAsExpected = isDeepStrictEqual(actual, expected)
  if (isAsExpected) passed += 1
  else failed += 1
  console.log(
    isAsExpected ? `ok    ${what}` : `FAIL  ${what}: ${brief(actual)}, expected ${brief(expected)}`,
  )
}

function brief(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200)
}
