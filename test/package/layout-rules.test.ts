import { beforeAll, describe, expect, it } from '@jest/globals'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { inRepository } from '../../scripts/repository.ts'
import { run } from '../../scripts/run.ts'

const PLANTED = {
  'src/errors.ts': `export const base = 1`,
  'src/index.ts': `export { a } from './event-store/a.ts'`,

  'src/event-store/a.ts': `import type { B } from './b.ts'\nexport const a: B = 1`,
  'src/event-store/b.ts': `import type { a } from './a.ts'\nexport type B = typeof a | number`,

  'src/aggregates/reaches-out.ts': `export { helper } from '../shared/helper.ts'`,
  'src/shared/helper.ts': `export { memory as helper } from '../../src/adapters/memory/index.ts'`,
  'src/projections/wires.ts': `export { module } from '../../src/inversify/index.ts'`,
  'src/inversify/index.ts': `export const module = 1`,

  'src/snapshots/uses-driver.ts': `import type { Pool } from 'pg'\nexport type P = Pool`,
  'src/snapshots/uses-absent.ts': `export { nothing } from 'not-installed'`,
  'src/snapshots/is-fine.ts': `import { v7 } from 'uuid'\nimport { join } from 'node:path'\nexport const x = [v7, join]`,

  'src/adapters/memory/index.ts': `export const memory = 1`,
  'src/adapters/postgres/index.ts': `export const postgres = 1`,
  'src/adapters/postgres/borrows.ts': `export { memory } from '../memory/index.ts'`,
  'src/adapters/pglite/is-fine.ts': `export { postgres } from '../postgres/index.ts'`,
  'src/adapters/pglite/borrows.ts': `export { memory } from '../memory/index.ts'`,

  'node_modules/uuid/package.json': `{ "name": "uuid", "version": "1.0.0", "type": "module", "exports": "./index.js" }`,
  'node_modules/uuid/index.js': `export const v7 = 1`,
  'node_modules/pg/package.json': `{ "name": "pg", "version": "1.0.0", "type": "module", "exports": "./index.js" }`,
  'node_modules/pg/index.js': `export class Pool {}`,
  'package.json': `{ "name": "planted", "type": "module", "dependencies": { "uuid": "1", "pg": "1" } }`,
}

interface Violation {
  readonly from: string
  readonly rule: { readonly name: string }
}

describe('the layout rules', () => {
  let violations: readonly string[]

  beforeAll(async () => {
    violations = await violationsOf(PLANTED)
  })

  it('refuse a cycle that only types make', () => {
    expect(violations).toContain('no-cycles: src/event-store/a.ts')
  })

  it('refuse a core folder that reaches an adapter over a detour', () => {
    expect(violations).toContain('core-stays-inside: src/aggregates/reaches-out.ts')
  })

  it('refuse a core folder that reaches inversify', () => {
    expect(violations).toContain('core-stays-inside: src/projections/wires.ts')
  })

  it('refuse a driver in the core, even for its types', () => {
    expect(violations).toContain('core-imports-few-packages: src/snapshots/uses-driver.ts')
  })

  it('refuse a package in the core that is not installed', () => {
    expect(violations).toContain('core-imports-few-packages: src/snapshots/uses-absent.ts')
  })

  it('refuse an adapter that borrows from another', () => {
    expect(violations).toContain('adapters-are-strangers: src/adapters/postgres/borrows.ts')
  })

  it('refuse pglite borrowing from another adapter than postgres', () => {
    expect(violations).toContain('pglite-may-use-postgres-only: src/adapters/pglite/borrows.ts')
  })

  it('allow the listed packages, Node built-ins, and pglite on postgres', () => {
    expect(violations.filter((violation) => violation.includes('is-fine'))).toEqual([])
  })
})

async function violationsOf(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'everfold-layout-'))
  try {
    for (const name of ['.dependency-cruiser.js', 'tsconfig.json', 'tsconfig.base.json'])
      await cp(inRepository(name), join(folder, name))
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    }
    const { output } = await run(
      process.execPath,
      [
        inRepository('node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
        'src',
        '--config',
        '.dependency-cruiser.js',
        '--output-type',
        'json',
      ],
      { cwd: folder },
    )
    const { summary } = JSON.parse(output) as { summary: { violations: Violation[] } }
    return summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
