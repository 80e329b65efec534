/**
 * `npm run test:guards [-- --only NAME] [--report FILE]`: shows that no test of a promise is decoration.
 *
 * Each `test/guards/*.patch` breaks one mechanism that keeps a promise, and names the test that must
 * fail then. The patches are applied to copies in a temporary folder; the tree stays as it is.
 */
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { parseArgs } from 'node:util'
import { applyPatch, parsePatch } from 'diff'
import { countsLine, reportCounts } from './counts.ts'
import { inRepository, repository } from './repository.ts'
import { run } from './run.ts'

const COPIES = 2
const GUARDS = 'test/guards'
const NOT_COPIED = new Set(['node_modules', 'dist', 'coverage', '.git', '.servers', '.cache'])

interface Guard {
  readonly name: string
  readonly promise: string
  readonly file: string
  /** Text that the full name of the test contains. */
  readonly test: string
  /** Environment variable without which the test cannot run, for example POSTGRES_URL. */
  readonly needs: string | undefined
  readonly patch: string
}

interface TestOutcome {
  readonly fullName: string
  readonly status: 'passed' | 'failed' | 'pending' | 'skipped' | 'todo' | 'disabled'
}

type Outcomes = { readonly tests: readonly TestOutcome[] } | { readonly broken: string }

const { values } = parseArgs({
  options: { only: { type: 'string' }, report: { type: 'string' } },
})
const chosen = (await readGuards()).filter(({ name }) => name.includes(values.only ?? ''))
if (chosen.length === 0)
  throw new TypeError(`No guard in ${GUARDS} matches '${values.only ?? ''}'.`)

const guards = chosen.filter(({ needs }) => needs === undefined || process.env[needs] !== undefined)

const workshop = await mkdtemp(join(tmpdir(), 'everfold-guards-'))
try {
  const copies = await Promise.all(
    Array.from({ length: COPIES }, (_, index) => copyTree(join(workshop, String(index)))),
  )
  const verdicts = new Map<string, string | undefined>()
  const healthy = await outcomesUnpatched(copies[0] ?? '')
  const queue = [...guards]
  await Promise.all(
    copies.map(async (copy) => {
      for (let guard = queue.shift(); guard !== undefined; guard = queue.shift()) {
        const start = performance.now()
        const objection = objectionToHealthy(guard, healthy) ?? (await objectionTo(guard, copy))
        verdicts.set(guard.name, objection)
        const seconds = ((performance.now() - start) / 1000).toFixed(1)
        console.log(
          `${objection === undefined ? 'ok  ' : 'FAIL'}  ${guard.name} ${seconds} s: ${guard.promise}`,
        )
        if (objection !== undefined) console.log(`      ${objection}\n`)
      }
    }),
  )
  const failed = [...verdicts.values()].filter((objection) => objection !== undefined).length
  for (const { name, needs } of chosen.filter((guard) => !guards.includes(guard)))
    console.log(`skip  ${name}: set ${needs ?? ''}, e.g. by: eval "$(scripts/servers env)"`)
  const skipped = chosen.length - guards.length
  const counts = { passed: verdicts.size - failed, failed, skipped }
  console.log(`Guards: ${countsLine(counts)}`)
  reportCounts(values.report, counts)
  if (failed > 0) process.exitCode = 1
} finally {
  await rm(workshop, { recursive: true, force: true })
}

async function readGuards(): Promise<Guard[]> {
  const names = (await readdir(inRepository(GUARDS))).filter((name) => name.endsWith('.patch'))
  return Promise.all(
    names.sort().map(async (name) => {
      const patch = await readFile(inRepository(`${GUARDS}/${name}`), 'utf8')
      return {
        name: name.replace(/\.patch$/, ''),
        promise: requiredHeader(name, patch, 'Guards'),
        file: requiredHeader(name, patch, 'File'),
        test: requiredHeader(name, patch, 'Test'),
        needs: header(patch, 'Needs'),
        patch,
      }
    }),
  )
}

function requiredHeader(name: string, patch: string, key: string): string {
  const value = header(patch, key)
  if (value === undefined)
    throw new TypeError(`${GUARDS}/${name} has no line '${key}: ...' before its diff.`)
  return value
}

function header(patch: string, key: string): string | undefined {
  const beforeDiff = patch.split(/^--- /m)[0] ?? ''
  return new RegExp(`^${key}: *(.+)$`, 'm').exec(beforeDiff)?.[1]?.trim()
}

async function copyTree(target: string): Promise<string> {
  await cp(repository, target, {
    recursive: true,
    filter: (path) => {
      const [top = ''] = relative(repository, path).split(sep)
      return !NOT_COPIED.has(top)
    },
  })
  await symlink(inRepository('node_modules'), join(target, 'node_modules'))
  return target
}

async function outcomesUnpatched(copy: string): Promise<Map<string, Outcomes>> {
  const outcomes = new Map<string, Outcomes>()
  for (const file of new Set(guards.map((guard) => guard.file))) {
    const named = guards.filter((guard) => guard.file === file)
    outcomes.set(file, await runTests(copy, file, named))
  }
  return outcomes
}

function objectionToHealthy(
  guard: Guard,
  healthy: ReadonlyMap<string, Outcomes>,
): string | undefined {
  const outcomes = healthy.get(guard.file) ?? { broken: 'It was not run.' }
  if ('broken' in outcomes) return `${guard.file} does not run unpatched.\n${outcomes.broken}`
  const named = executed(outcomes.tests, guard)
  if (named.length === 0) return `No test of ${guard.file} that runs is named '${guard.test}'.`
  const failing = named.find(({ status }) => status !== 'passed')
  return failing && `'${failing.fullName}' fails already without the patch.`
}

async function objectionTo(guard: Guard, copy: string): Promise<string | undefined> {
  const originals = new Map<string, string>()
  try {
    const refused = await applyGuard(guard, copy, originals)
    if (refused !== undefined) return refused
    const outcomes = await runTests(copy, guard.file, [guard])
    if ('broken' in outcomes)
      return `With the patch ${guard.file} does not even run; that shows nothing.\n${outcomes.broken}`
    const named = executed(outcomes.tests, guard)
    if (named.some(({ status }) => status === 'failed')) return undefined
    return `'${guard.test}' (${guard.file}) passes although the mechanism is broken.`
  } finally {
    for (const [path, text] of originals) await writeFile(path, text)
  }
}

async function applyGuard(
  guard: Guard,
  copy: string,
  originals: Map<string, string>,
): Promise<string | undefined> {
  for (const part of parsePatch(guard.patch.slice(guard.patch.search(/^--- /m)))) {
    const name = part.oldFileName.replace(/^a\//, '')
    const path = join(copy, name)
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text === undefined) return `The patch changes ${name}, which does not exist.`
    const patched = applyPatch(text, part)
    if (patched === false) return `The patch does not apply to ${name} any more.`
    if (!originals.has(path)) originals.set(path, text)
    await writeFile(path, patched)
  }
  return originals.size === 0 ? 'The patch holds no diff.' : undefined
}

async function runTests(
  copy: string,
  file: string,
  named: readonly Pick<Guard, 'test'>[],
): Promise<Outcomes> {
  const result = join(copy, '.cache', 'guard.json')
  await mkdir(dirname(result), { recursive: true })
  await rm(result, { force: true })
  const { output } = await run(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      '--runTestsByPath',
      file,
      '--testNamePattern',
      named.map(({ test }) => `(?:${escapeRegExp(test)})`).join('|'),
      // A test that fails may leave something open; that must not hide which test failed.
      '--env=node',
      '--forceExit',
      '--reporters=default',
      '--json',
      `--outputFile=${result}`,
    ],
    { cwd: copy, timeoutMs: 240_000 },
  )
  const text = await readFile(result, 'utf8').catch(() => undefined)
  if (text === undefined) return { broken: output }
  const { testResults } = JSON.parse(text) as {
    testResults: { assertionResults: TestOutcome[]; message: string }[]
  }
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  return tests.length > 0 ? { tests } : { broken: testResults[0]?.message ?? output }
}

function executed(tests: readonly TestOutcome[], guard: Guard): readonly TestOutcome[] {
  return tests.filter(
    ({ fullName, status }) =>
      fullName.includes(guard.test) && (status === 'passed' || status === 'failed'),
  )
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
