import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import type { Report } from '../../../examples/bank-account/report.ts'
import {
  describeOnServer,
  PostgresServer,
  skipped,
} from '../../adapters/postgres/postgres-server.ts'
import { runExample, startExample, type ExampleRun } from './example-process.ts'
import { historyFiles } from './history-file.ts'
import { noRealHistory, readRealHistory } from './real-history.ts'
import { statedBalances } from './stated-balances.ts'

jest.setTimeout(180_000)

const historyFile = historyFiles()
const reportOf = ({ stdout }: ExampleRun): Report => JSON.parse(stdout) as Report

describeOnServer('npm run example -- --postgres URL --runners 3', () => {
  const server = new PostgresServer()
  let place: readonly string[]
  let run: ExampleRun

  beforeAll(async () => {
    place = ['--json', '--postgres', await server.anyDatabase()]
    run = await runExample(...place, '--runners', '3')
  })
  afterAll(() => server.close())

  test('comes to the stated balances, though one of the processes is killed half-way', async () => {
    expect(run).toMatchObject({ status: 0 })
    expect(reportOf(run)).toMatchObject({
      transactions: 393,
      imported: 393,
      events: 405,
      mismatches: 0,
      balances: await statedBalances(),
      rebuild: { identical: true },
      processes: { started: 3, killed: 1 },
    })
  })

  test('shares the lanes among the processes', () => {
    expect(run.stderr).toMatch(
      /^3 processes project the balances meanwhile\. Lanes of each: [23], [23], [23]\.$/m,
    )
    expect(run.stderr).toMatch(
      /^The first of the processes, which had [23] lanes, was killed half-way\.$/m,
    )
  })

  test('imports nothing twice', async () => {
    const again = await runExample(...place)

    expect(again).toMatchObject({ status: 0 })
    expect(reportOf(again)).toMatchObject({
      imported: 0,
      events: 405,
      mismatches: 0,
      balances: reportOf(run).balances,
      rebuild: { identical: true },
    })
    expect(reportOf(again)).not.toHaveProperty('processes')
  })

  test('leaves no process behind when it is killed itself, and goes on where it was', async () => {
    const own = ['--json', '--postgres', await server.anyDatabase(), '--runners', '3']
    const killed = startExample(...own)
    await killed.said('Importing ')

    killed.process.kill('SIGKILL')
    await killed.ended // its standard error is also theirs: it closes when all of them are gone
    const again = await runExample(...own)

    expect(again).toMatchObject({ status: 0 })
    expect(reportOf(again)).toMatchObject({
      events: 405,
      mismatches: 0,
      rebuild: { identical: true },
      processes: { started: 3, killed: 1 },
    })
  })
})

const missing = skipped ?? noRealHistory
const suite = missing === undefined ? describe : describe.skip

suite(`three processes on a real history${missing ? ` (skipped: ${missing})` : ''}`, () => {
  const server = new PostgresServer()
  afterAll(() => server.close())

  test('come to the balances that the bank states, though one is killed half-way', async () => {
    const { lines, balances } = await readRealHistory(1000)
    const file = await historyFile(...lines)
    const database = await server.anyDatabase()

    const run = await runExample(
      ...['--json', '--postgres', database, '--runners', '3', '--transactions', file],
    )

    expect(run).toMatchObject({ status: 0 })
    expect(reportOf(run)).toMatchObject({
      imported: 1000,
      mismatches: 0,
      balances,
      rebuild: { identical: true },
      processes: { started: 3, killed: 1 },
    })
  })
})
