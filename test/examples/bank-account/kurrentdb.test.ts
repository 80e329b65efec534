import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import type { Report } from '../../../examples/bank-account/report.ts'
import { KurrentServer } from '../../adapters/kurrentdb/server/kurrent-server.ts'
import { startExampleWith, type ExampleRun } from './example-process.ts'
import { temporaryFolder } from './history-file.ts'
import { statedBalances } from './stated-balances.ts'

jest.setTimeout(180_000)

const newFolder = temporaryFolder()

describe('npm run example -- --store kurrentdb, on the in-process server', () => {
  const server = new KurrentServer({ clientPackage: '@eventstore/db-client' })
  const runs: ExampleRun[] = []
  const reportOf = (index: number): Report => JSON.parse(runs[index]?.stdout ?? '') as Report
  beforeAll(async () => {
    await server.start()
    const folder = join(await newFolder(), 'data')
    const args = ['--store', 'kurrentdb', '--data-dir', folder, '--json']
    for (let turn = 0; turn < 2; turn++)
      runs.push(await startExampleWith({ EVENTSTORE_URL: server.url }, ...args).ended)
  })
  afterAll(() => server.stop())

  test('imports the statement, builds the balances in the embedded database, and rebuilds them', async () => {
    expect(runs[0]?.status).toBe(0)
    expect(reportOf(0)).toMatchObject({
      transactions: 393,
      imported: 393,
      events: 405,
      mismatches: 0,
      balances: await statedBalances(),
      rebuild: { identical: true },
    })
  })

  test('keeps the events on the server, and imports nothing twice', () => {
    expect(server.log.events).toHaveLength(405)
    expect(runs[1]?.status).toBe(0)
    expect(reportOf(1)).toMatchObject({ imported: 0, events: 405, mismatches: 0 })
  })
})

test('npm run example -- --store kurrentdb names what it lacks', async () => {
  const { status, stderr } = await startExampleWith({ EVENTSTORE_URL: '' }, '--store', 'kurrentdb')
    .ended

  expect(status).toBe(2)
  expect(stderr).toContain('--store kurrentdb needs EVENTSTORE_URL')
})
