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

test('tells the packages by the files of either kind of path', () => {
  const eventStore = 'C:\\app\\node_modules\\@eventstore\\db-client\\dist\\index.js'
  const kurrent = '/app/node_modules/@kurrent/kurrentdb-client/dist/index.js'

  expect(areBothLoaded([eventStore, kurrent])).toBe(true)
  expect(areBothLoaded([eventStore, eventStore])).toBe(false)
})
