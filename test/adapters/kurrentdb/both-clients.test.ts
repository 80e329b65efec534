import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { areBothLoaded } from '../../../src/adapters/kurrentdb/client/check-client.ts'

const repository = fileURLToPath(new URL('../../..', import.meta.url))

test('refuses a process that has loaded both client packages', async () => {
  const script = 'test/adapters/kurrentdb/both-clients.ts'

  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script], {
    cwd: repository,
  })

  expect(stdout).toBe('BOTH_CLIENTS_LOADED\n')
})

test('loads neither package itself, so that one that does not fit the machine need not be there', async () => {
  const entry = new URL('../../../src/adapters/kurrentdb/index.ts', import.meta.url)
  const script = `
    import { createRequire } from 'node:module'
    const { kurrentdbEventStore } = await import(${JSON.stringify(entry)})
    const files = Object.keys(createRequire(import.meta.url).cache)
    console.log(typeof kurrentdbEventStore, files.filter((file) => /@kurrent|@eventstore/.test(file)).length)`

  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: repository },
  )

  expect(stdout).toBe('function 0\n')
})

test('tells the packages by the files of either kind of path', () => {
  const eventStore = 'C:\\app\\node_modules\\@eventstore\\db-client\\dist\\index.js'
  const kurrent = '/app/node_modules/@kurrent/kurrentdb-client/dist/index.js'

  expect(areBothLoaded([eventStore, kurrent])).toBe(true)
  expect(areBothLoaded([eventStore, eventStore])).toBe(false)
})
