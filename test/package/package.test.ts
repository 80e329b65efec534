import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { packPackage } from '../../scripts/package-folder.ts'
import { mustRun, run } from '../../scripts/run.ts'

const INSTALL_TIMEOUT_MS = 120_000

/** What `npm install everfold` gives in a folder where nothing else is installed. */
describe('the packed package, installed without any driver', () => {
  let tarball: string
  let folder: string

  beforeAll(async () => {
    tarball = await packPackage()
    folder = await mkdtemp(join(tmpdir(), 'everfold-consumer-'))
    await writeFile(join(folder, 'package.json'), '{ "name": "consumer", "private": true }')
    await mustRun(
      'npm',
      ['install', tarball, '--omit=peer', '--prefer-offline', '--no-audit', '--no-fund'],
      { cwd: folder, timeoutMs: INSTALL_TIMEOUT_MS },
    )
  }, INSTALL_TIMEOUT_MS)

  afterAll(async () => {
    await rm(dirname(dirname(tarball)), { recursive: true, force: true })
    await rm(folder, { recursive: true, force: true })
  })

  it('brings no driver and no inversify', async () => {
    const installed = await readdir(join(folder, 'node_modules'))

    expect(installed).toContain('everfold')
    expect(installed).not.toContain('pg')
    expect(installed).not.toContain('@electric-sql')
    expect(installed).not.toContain('inversify')
  })

  it('is imported by an ES module', async () => {
    const printed = await evaluate(
      'module',
      `import { Repository, createEventStore } from 'everfold'
       console.log(typeof Repository, typeof createEventStore)`,
    )

    expect(printed).toBe('function function')
  })

  it('is required by a CommonJS module', async () => {
    const printed = await evaluate(
      'commonjs',
      `const { Repository, createEventStore } = require('everfold')
       console.log(typeof Repository, typeof createEventStore)`,
    )

    expect(printed).toBe('function function')
  })

  it('gives the memory adapter and the contract suites', async () => {
    const printed = await evaluate(
      'module',
      `import { memoryEventStore } from 'everfold/memory'
       import { eventStoreContract } from 'everfold/testing'
       console.log(typeof memoryEventStore, typeof eventStoreContract)`,
    )

    expect(printed).toBe('function function')
  })

  it('gives no file that `exports` does not name', async () => {
    const { status, output } = await run(
      process.execPath,
      ['--input-type=module', '--eval', `import 'everfold/dist/errors.js'`],
      { cwd: folder },
    )

    expect(status).not.toBe(0)
    expect(output).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })

  async function evaluate(inputType: 'module' | 'commonjs', code: string): Promise<string> {
    const options = ['--disable-warning=ExperimentalWarning', `--input-type=${inputType}`]
    const output = await mustRun(process.execPath, [...options, '--eval', code], { cwd: folder })
    return output.trim()
  }
})
