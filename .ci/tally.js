// Adds up the counts that the runners reported and prints them as the last line.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Steps that report no counts: they fail as a whole or count nothing. */
const PREPARATION = new Set(['install', 'servers'])

const folder = process.argv[2] ?? ''
const total = { passed: 0, failed: 0, skipped: 0 }
for (const file of readdirSync(folder).filter((name) => name.endsWith('.status'))) {
  const step = file.replace('.status', '')
  const status = Number(readFileSync(join(folder, file), 'utf8'))
  const report = join(folder, `${step}.json`)
  const counts = existsSync(report)
    ? /** @type {typeof total} */ (JSON.parse(readFileSync(report, 'utf8')))
    : { passed: 0, failed: PREPARATION.has(step) && status === 0 ? 0 : 1, skipped: 0 }
  total.passed += counts.passed
  total.failed += counts.failed
  total.skipped += counts.skipped
  // For example a threshold or a crash after the last test: nothing that a runner counts.
  if (status !== 0 && counts.failed === 0) total.failed += 1
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed > 0 ? 1 : 0
