/**
 * `npm run check [-- STEP...] [--report FILE]`: what a machine can judge without running the code.
 * Every step runs, also after a failed one.
 */
import { dirname } from 'node:path'
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { countsLine, reportCounts } from './counts.ts'
import { packPackage } from './package-folder.ts'
import { inRepository, repository } from './repository.ts'
import { run, type RunResult } from './run.ts'

const AT_ONCE = 2

const steps: Record<string, () => Promise<RunResult>> = {
  lint: () => tool('eslint/bin/eslint.js', ['.', '--max-warnings=0']),
  types: () => tool('typescript/bin/tsc', ['-p', 'tsconfig.json']),
  layout: () =>
    tool('dependency-cruiser/bin/dependency-cruise.mjs', [
      'src',
      '--config',
      '.dependency-cruiser.js',
    ]),
  format: () => tool('prettier/bin/prettier.cjs', ['--check', '--log-level=warn', '.']),
  api: () => tool('tsx/dist/cli.mjs', ['scripts/api-report.ts', '--check']),
  package: checkPackage,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { report: { type: 'string' } },
})
const unknown = positionals.filter((name) => !(name in steps))
if (unknown.length > 0)
  throw new TypeError(
    `No check is named '${unknown.join("', '")}'. There are: ${Object.keys(steps).join(', ')}.`,
  )

let passed = 0
let failed = 0
const queue = Object.entries(steps).filter(
  ([name]) => positionals.length === 0 || positionals.includes(name),
)
await Promise.all(Array.from({ length: AT_ONCE }, runQueue))
const counts = { passed, failed, skipped: 0 }
console.log(`Checks: ${countsLine(counts)}`)
reportCounts(values.report, counts)
if (failed > 0) process.exitCode = 1

async function runQueue(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [name, step] = next
    const start = performance.now()
    const { status, output } = await step()
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(`${status === 0 ? 'ok  ' : 'FAIL'}  ${name.padEnd(8)} ${seconds} s`)
    if (status === 0) passed += 1
    else {
      failed += 1
      console.log(`\n${output.trim()}\n`)
    }
  }
}

function tool(script: string, args: readonly string[]): Promise<RunResult> {
  return run(process.execPath, [inRepository(`node_modules/${script}`), ...args], {
    cwd: repository,
  })
}

async function checkPackage(): Promise<RunResult> {
  let tarball: string
  try {
    tarball = await packPackage()
  } catch (error) {
    return { status: 1, output: String(error) }
  }
  const results = [
    await tool('publint/src/cli.js', ['run', tarball, '--strict']),
    await tool('@arethetypeswrong/cli/dist/index.js', [
      tarball,
      '--profile',
      'esm-only',
      '--no-definitely-typed',
    ]),
  ]
  await rm(dirname(dirname(tarball)), { recursive: true, force: true })
  return {
    status: results.some(({ status }) => status !== 0) ? 1 : 0,
    output: results.map(({ output }) => output).join('\n'),
  }
}
