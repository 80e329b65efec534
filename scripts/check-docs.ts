/**
 * `npm run docs:check [-- FILE...] [--report FILE]`: compiles and runs the code of README and guide.
 *
 * The `ts` blocks of a file form one module, in order. They keep their line numbers, so an error
 * names the line of the document. A block marked `ts no-run` is compiled but not run. A document with a
 * block marked `ts needs=REDIS_URL` is run where that variable is set. `sh` blocks of the README must
 * name npm scripts and files that exist.
 */
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import ts from 'typescript'
import { countsLine, reportCounts } from './counts.ts'
import { inRepository, repository } from './repository.ts'
import { run } from './run.ts'

const WORKSHOP = '.cache/docs'
const RUN_TIMEOUT_MS = 60_000

interface Block {
  readonly language: string
  readonly flags: readonly string[]
  /** Lines of the block, and the index in the document of the first of them. */
  readonly lines: readonly string[]
  readonly start: number
}

/** The code of a document. */
interface Module {
  readonly document: string
  readonly file: string
  readonly hasCodeToRun: boolean
  /** Names of environment variables without which it is not run. */
  readonly needs: readonly string[]
}

interface Verdict {
  readonly what: string
  /** What is wrong, or nothing. */
  readonly objection?: string
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { report: { type: 'string' } },
})
const documents = positionals.length > 0 ? positionals : await documentsOfProject()
await rm(inRepository(WORKSHOP), { recursive: true, force: true })
await mkdir(inRepository(WORKSHOP), { recursive: true })

const modules: Module[] = []
const verdicts: Verdict[] = []
for (const document of documents) {
  const blocks = blocksOf(await readFile(inRepository(document), 'utf8'))
  const code = blocks.filter(({ language }) => language === 'ts')
  if (code.length > 0) modules.push(await writeModule(document, code))
  if (basename(document) === 'README.md') verdicts.push(...(await commandsExist(document, blocks)))
}
await writeTsconfig()
if (modules.length > 0) verdicts.push(...(await compile()))
let skipped = 0
for (const module of modules) {
  const missing = module.needs.filter((name) => process.env[name] === undefined)
  if (!module.hasCodeToRun) continue
  if (missing.length === 0) verdicts.push(await execute(module))
  else {
    skipped += 1
    console.log(
      `skip  ${module.document} runs: set ${missing.join(' and ')}, e.g. by: eval "$(scripts/servers env)"`,
    )
  }
}

for (const { what, objection } of verdicts) {
  console.log(`${objection === undefined ? 'ok  ' : 'FAIL'}  ${what}`)
  if (objection !== undefined) console.log(`\n${objection.trim()}\n`)
}
const failed = verdicts.filter(({ objection }) => objection !== undefined).length
const counts = { passed: verdicts.length - failed, failed, skipped }
console.log(`Documents: ${countsLine(counts)}`)
reportCounts(values.report, counts)
if (failed > 0) process.exitCode = 1

async function documentsOfProject(): Promise<string[]> {
  const guide = existsSync(inRepository('docs/guide'))
    ? await readdir(inRepository('docs/guide'))
    : []
  return [
    'README.md',
    ...guide
      .filter((name) => name.endsWith('.md'))
      .sort()
      .map((name) => `docs/guide/${name}`),
  ]
}

/** Maps `everfold` and its subpaths to the sources, so that no build is needed first. */
async function writeTsconfig(): Promise<void> {
  const { name, exports } = JSON.parse(await readFile(inRepository('package.json'), 'utf8')) as {
    name: string
    exports: Record<string, { default: string }>
  }
  const paths = Object.fromEntries(
    Object.entries(exports).map(([subpath, target]) => [
      subpath.replace('.', name),
      [inRepository(target.default.replace('./dist', 'src').replace(/\.js$/, '.ts'))],
    ]),
  )
  const config = {
    extends: '../../tsconfig.base.json',
    compilerOptions: {
      paths,
      noEmit: true,
      allowImportingTsExtensions: true,
      // A document shows one thing at a time: it declares names that only the reader uses.
      noUnusedLocals: false,
      noUnusedParameters: false,
    },
    files: modules.map(({ file }) => basename(file)),
  }
  await writeFile(inRepository(`${WORKSHOP}/tsconfig.json`), JSON.stringify(config, null, 2))
}

function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = []
  const lines = markdown.split('\n')
  for (let index = 0; index < lines.length; index += 1) {
    const fence = /^```(\S*) *(.*)$/.exec(lines[index] ?? '')
    if (fence === null) continue
    const start = index + 1
    const length = lines.slice(start).findIndex((line) => line.startsWith('```'))
    if (length === -1) throw new Error(`The code block of line ${index + 1} has no end.`)
    blocks.push({
      language: fence[1] ?? '',
      flags: (fence[2] ?? '').split(' '),
      lines: lines.slice(start, start + length),
      start,
    })
    index = start + length
  }
  return blocks
}

async function writeModule(document: string, blocks: readonly Block[]): Promise<Module> {
  const file = `${WORKSHOP}/${document.replaceAll('/', '__').replace(/\.md$/, '.ts')}`
  await writeFile(inRepository(file), moduleOf(blocks))
  const needs = blocks.flatMap(({ flags }) =>
    flags.flatMap((flag) => flag.split('needs=')[1] ?? []),
  )
  const hasCodeToRun = blocks.some(({ flags }) => !flags.includes('no-run'))
  return { document, file, hasCodeToRun, needs }
}

function moduleOf(blocks: readonly Block[]): string {
  const lines: string[] = []
  const imports = new Set<string>()
  for (const block of blocks) {
    while (lines.length < block.start - 1) lines.push('')
    const body = withoutImports(block.lines.join('\n'), imports)
    // The line of the opening fence, and that of the closing one, can hold what surrounds the block.
    const noRun = block.flags.includes('no-run')
    lines.push(noRun ? 'void (async () => {' : '', ...body.split('\n'))
    if (noRun) lines.push('})')
  }
  // Documents open with a heading, so line 1 is free.
  lines[0] = `${[...imports].join('; ')}; export {}`
  return `${lines.join('\n')}\n`
}

/** Takes the imports out, one import per name, so that two blocks may import the same name. */
function withoutImports(text: string, imports: Set<string>): string {
  const source = ts.createSourceFile('block.ts', text, ts.ScriptTarget.ESNext, true)
  let rest = text
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement)) continue
    const [from, to] = [statement.getStart(), statement.getEnd()]
    rest = rest.slice(0, from) + rest.slice(from, to).replace(/[^\n]/g, ' ') + rest.slice(to)
    const module = statement.moduleSpecifier.getText()
    const clause = statement.importClause
    const bindings = clause?.namedBindings
    if (
      clause === undefined ||
      clause.name ||
      bindings === undefined ||
      !ts.isNamedImports(bindings)
    )
      imports.add(statement.getText().replaceAll('\n', ' '))
    else
      for (const element of bindings.elements) {
        const typeOnly = clause.phaseModifier === ts.SyntaxKind.TypeKeyword || element.isTypeOnly
        const name = element.getText().replace(/^type /, '')
        if (!typeOnly) imports.delete(`import type { ${name} } from ${module}`)
        if (typeOnly && imports.has(`import { ${name} } from ${module}`)) continue
        imports.add(`import ${typeOnly ? 'type ' : ''}{ ${name} } from ${module}`)
      }
  }
  return rest
}

async function compile(): Promise<Verdict[]> {
  const { status, output } = await run(
    process.execPath,
    [inRepository('node_modules/typescript/bin/tsc'), '-p', `${WORKSHOP}/tsconfig.json`],
    { cwd: repository },
  )
  const errors = output.split('\n').filter((line) => line.includes('error TS'))
  const elsewhere = errors.filter((line) => !modules.some(({ file }) => line.startsWith(file)))
  if (status !== 0 && (elsewhere.length > 0 || errors.length === 0))
    return [{ what: 'the code that the documents import compiles', objection: output }]
  return modules.map(({ document, file }) => {
    const what = `${document} compiles`
    const own = errors.filter((line) => line.startsWith(file))
    return own.length === 0
      ? { what }
      : { what, objection: own.join('\n').replaceAll(file, document) }
  })
}

async function execute({ document, file }: Module): Promise<Verdict> {
  // A document may write files, for example the folder of an embedded database.
  const folder = await mkdtemp(join(tmpdir(), 'everfold-docs-'))
  try {
    const { status, output } = await run(
      process.execPath,
      [
        inRepository('node_modules/tsx/dist/cli.mjs'),
        '--tsconfig',
        inRepository(`${WORKSHOP}/tsconfig.json`),
        inRepository(file),
      ],
      { cwd: folder, timeoutMs: RUN_TIMEOUT_MS },
    )
    const what = `${document} runs`
    return status === 0 ? { what } : { what, objection: output.replaceAll(file, document) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function commandsExist(document: string, blocks: readonly Block[]): Promise<Verdict[]> {
  const { scripts } = JSON.parse(await readFile(inRepository('package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const lines = blocks
    .filter(({ language }) => ['sh', 'bash', 'shell'].includes(language))
    .flatMap((block) => block.lines)
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '')
  return lines.map((line) => {
    const what = `${document} names commands that exist: ${line}`
    const missing = [
      ...[...line.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => name),
      ...(/\bnpm (?:test|t)\b/.test(line) ? ['test'] : []),
    ].filter((name) => !(name in scripts))
    const files = [
      ...line.matchAll(/(?:^|[\s("`])(?:\.\/)?((?:scripts|examples|bench)\/[\w./-]+)/g),
    ]
      .map(([, path = '']) => path)
      .filter((path) => !existsSync(inRepository(path)))
    const absent = [...missing.map((name) => `npm script '${name}'`), ...files]
    return absent.length === 0 ? { what } : { what, objection: `There is no ${absent.join(', ')}.` }
  })
}
