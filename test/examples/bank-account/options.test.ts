import { describe, expect, test } from '@jest/globals'
import { readOptions, UsageError } from '../../../examples/bank-account/options.ts'

describe('the options of the example', () => {
  test('default to the statement that ships with it, in memory', () => {
    expect(readOptions([])).toEqual({
      transactions: expect.stringMatching(/examples\/bank-account\/statement\.csv$/),
      dataDir: undefined,
      postgres: undefined,
      redis: undefined,
      elasticsearch: undefined,
      runners: 1,
      occurredAt: undefined,
      account: undefined,
      snapshots: false,
      correction: false,
      json: false,
      help: false,
    })
  })

  test('name a file, a folder, a day and an account', () => {
    const args = ['--transactions', 'a.csv', '--data-dir', 'data', '--occurred-at', '1993-12-31']

    expect(
      readOptions([...args, '--account', '576', '--json', '--snapshots', '--correction']),
    ).toEqual({
      transactions: 'a.csv',
      dataDir: 'data',
      postgres: undefined,
      redis: undefined,
      elasticsearch: undefined,
      runners: 1,
      occurredAt: '1993-12-31',
      account: '576',
      snapshots: true,
      correction: true,
      json: true,
      help: false,
    })
  })

  test('name a server and a number of runners', () => {
    const args = ['--postgres', 'postgres://everfold@127.0.0.1:5432/bank', '--runners', '8']

    expect(readOptions(args)).toMatchObject({
      postgres: 'postgres://everfold@127.0.0.1:5432/bank',
      runners: 8,
    })
  })

  test('name servers for other read models', () => {
    const sinks = ['--redis', 'rediss://cache:6380', '--elasticsearch', 'http://localhost:9200']

    expect(readOptions([...sinks, '--data-dir', 'data'])).toMatchObject({
      redis: 'rediss://cache:6380',
      elasticsearch: 'http://localhost:9200',
    })
  })

  test.each([
    {
      args: ['--redis', 'localhost', '--data-dir', 'data'],
      says: '--redis is no URL of a server. Write it as redis://host:port.',
    },
    {
      args: ['--elasticsearch', 'redis://localhost', '--data-dir', 'data'],
      says: '--elasticsearch is no URL of a server.',
    },
    {
      args: ['--redis', 'redis://localhost'],
      says: '--redis needs --postgres URL or --data-dir DIR',
    },
    {
      args: ['--elasticsearch', 'http://localhost:9200'],
      says: '--elasticsearch needs --postgres URL or --data-dir DIR',
    },
    { args: ['--occurred-at', '1993-02-30'], says: "--occurred-at '1993-02-30' is no day." },
    { args: ['--occurred-at', 'yesterday'], says: "--occurred-at 'yesterday' is no day." },
    { args: ['--occurred-at'], says: 'argument missing' },
    { args: ['--account', 'mine'], says: "--account 'mine' is no account id." },
    { args: ['--postgres', 'localhost'], says: '--postgres is no URL of a server.' },
    { args: ['--postgres', 'mysql://localhost/bank'], says: '--postgres is no URL of a server.' },
    {
      args: ['--postgres', 'postgres://localhost/bank', '--data-dir', 'data'],
      says: '--data-dir and --postgres are two places.',
    },
    { args: ['--runners', '0'], says: "--runners '0' is none." },
    { args: ['--runners', '1.5'], says: "--runners '1.5' is none." },
    { args: ['--runners', '9'], says: 'Use a whole number from 1 to 8.' },
    { args: ['--runners', '2'], says: '--runners 2 needs --postgres URL' },
    { args: ['--runners', '2', '--data-dir', 'data'], says: '--runners 2 needs --postgres URL' },
    { args: ['statement.csv'], says: "Unexpected argument 'statement.csv'" },
    { args: ['--csv'], says: "Unknown option '--csv'" },
  ])('are refused: $args', ({ args, says }) => {
    const read = () => readOptions(args)

    expect(read).toThrow(UsageError)
    expect(read).toThrow(says)
  })
})
