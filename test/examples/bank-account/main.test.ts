import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, jest, test } from '@jest/globals'
import type { Report } from '../../../examples/bank-account/report.ts'
import { runExample, type ExampleRun } from './example-process.ts'
import { HEADER, historyFiles, temporaryFolder } from './history-file.ts'
import { statedBalances } from './stated-balances.ts'

jest.setTimeout(120_000)

const historyFile = historyFiles()
const newFolder = temporaryFolder()

describe('npm run example', () => {
  let run: ExampleRun
  beforeAll(async () => {
    const shown = ['--occurred-at', '2024-01-31', '--account', '108', '--snapshots', '--correction']
    run = await runExample(...shown)
  })

  test('imports the statement that ships with it, checks it, and rebuilds', () => {
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(run.stdout).toMatch(/^Imported 393 of 393 transactions of 12 accounts in [\d.]+ s\.$/m)
    expect(run.stdout).toMatch(/^Built the balances in [\d.]+ s: 0 mismatches with the file\.$/m)
    expect(run.stdout).toMatch(/^Rebuilt them beside the live ones in [\d.]+ s: identical\./m)
  })

  test('prints the balances at the end of a day', async () => {
    const accountIds = Object.keys(await statedBalances('2024-01-31'))

    const [, section = ''] = run.stdout.split('Balances at the end of 2024-01-31 (UTC)\n')

    const listed = section.split('\n\n')[0]?.split('\n') ?? []
    expect(listed.map((line) => line.trim().split(/ +/)[0])).toEqual([...accountIds, 'all'])
  })

  test('keeps snapshots, and finds that they are what their events give', () => {
    expect(run.stdout).toMatch(
      /^Took \d+ snapshots \(0 failed\)\. Audited [1-9]\d*: 0 accounts drift\.$/m,
    )
  })

  test('prints what a correction changes', () => {
    expect(run.stdout).toMatch(
      /^What was true then, as known now\? \(occurredAt\) +800\.00 +500\.00$/m,
    )
  })

  test('prints the history of an account with a chart', () => {
    expect(run.stdout).toContain('\nAccount 108\nversion  day')
    expect(run.stdout).toContain('\nBalance after each event\n')
  })
})

describe('npm run example -- --data-dir DIR --json', () => {
  const runs: ExampleRun[] = []
  const reportOf = (index: number): Report => JSON.parse(runs[index]?.stdout ?? '') as Report
  beforeAll(async () => {
    const folder = join(await newFolder(), 'data')
    runs.push(await runExample('--data-dir', folder, '--json', '--occurred-at', '2024-03-31'))
    runs.push(await runExample('--data-dir', folder, '--json'))
  })

  test('prints exactly one JSON document, the rest to standard error', async () => {
    expect(runs[0]?.status).toBe(0)
    expect(runs[0]?.stdout).toBe(`${JSON.stringify(reportOf(0))}\n`)
    expect(Object.keys(reportOf(0))).toEqual([
      'accounts',
      'transactions',
      'imported',
      'events',
      'mismatches',
      'balances',
      'rebuild',
      'occurredAt',
      'balancesAt',
      'seconds',
    ])
    expect(reportOf(0)).toEqual({
      accounts: 12,
      transactions: 393,
      imported: 393,
      events: 405,
      mismatches: 0,
      balances: await statedBalances(),
      rebuild: { identical: true },
      occurredAt: '2024-03-31',
      balancesAt: await statedBalances('2024-03-31'),
      seconds: {
        import: expect.any(Number),
        project: expect.any(Number),
        rebuild: expect.any(Number),
      },
    })
    expect(runs[0]?.stderr).toContain('Imported 393 of 393 transactions')
  })

  test('imports nothing twice', () => {
    const { accounts, transactions, events, balances } = reportOf(0)

    expect(runs[1]?.status).toBe(0)
    expect(reportOf(1)).toEqual({
      accounts,
      transactions,
      imported: 0,
      events,
      mismatches: 0,
      balances,
      rebuild: { identical: true },
      seconds: {
        import: expect.any(Number),
        project: expect.any(Number),
        rebuild: expect.any(Number),
      },
    })
  })
})

describe('a file that is malformed, then mended with a wrong balance', () => {
  let file: string
  let malformed: ExampleRun
  let mended: ExampleRun
  beforeAll(async () => {
    const folder = join(await newFolder(), 'data')
    const good = '2024-01-31,7,1,credit,cash-deposit,100,100'
    file = await historyFile(HEADER, good, '2024-01-31,8,2,credit,cash-deposit,x,250')
    malformed = await runExample('--transactions', file, '--data-dir', folder)
    await writeFile(file, `${HEADER}\n${good}\n2024-01-31,8,2,credit,cash-deposit,240,250\n`)
    mended = await runExample('--transactions', file, '--data-dir', folder)
  })

  test('is refused in one line with status 1', () => {
    expect(malformed).toMatchObject({
      status: 1,
      stderr: `Error: ${file}, line 3, column amount_cents: 'x' is no whole number of cents.\n`,
    })
  })

  test('leaves what was imported before the malformed row', () => {
    expect(mended.stdout).toContain('Imported 1 of 2 transactions of 2 accounts')
  })

  test('ends with status 1 when a balance does not match', () => {
    expect(mended.status).toBe(1)
    expect(mended.stdout).toContain('  account 8: 2.50 in the file, but it is 2.40\n')
  })
})

describe('what goes wrong is said in one line', () => {
  test('a file that does not exist: status 1', async () => {
    const { status, stderr } = await runExample('--transactions', '/nowhere/history.csv')

    expect(status).toBe(1)
    expect(stderr).toBe('Error: /nowhere/history.csv: there is no such file.\n')
  })

  test('a folder that holds other files: status 1', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'letter.txt'), 'Dear Ada')

    const { status, stderr } = await runExample('--data-dir', folder)

    expect(status).toBe(1)
    expect(stderr).toMatch(/^Error: '.*' holds other files \(letter\.txt\).*\n$/)
  })

  test('several runners of an embedded database: status 2', async () => {
    const { status, stdout, stderr } = await runExample('--runners', '3')

    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toBe(
      '--runners 3 needs --postgres URL: an embedded database is open in one process only. See --help.\n',
    )
  })

  test('a server that is not there: status 1', async () => {
    const { status, stderr } = await runExample('--postgres', 'postgres://127.0.0.1:1/bank')

    expect(status).toBe(1)
    expect(stderr).toMatch(/^Error: .*\n$/)
  })

  test('an option that does not exist: status 2', async () => {
    const { status, stderr } = await runExample('--acount', '7')

    expect(status).toBe(2)
    expect(stderr).toMatch(/^Unknown option '--acount'.* See --help\.\n$/)
  })
})

test('--help prints how to call it', async () => {
  const { status, stdout } = await runExample('--help')

  expect(status).toBe(0)
  expect(stdout).toMatch(/^npm run example -- /)
})
