import { describe, expect, test } from '@jest/globals'
import { readOptions, UsageError } from '../../../examples/bank-account/options.ts'

describe('the options of the example', () => {
  test('default to the statement that ships with it, in memory', () => {
    expect(readOptions([])).toEqual({
      transactions: expect.stringMatching(/examples\/bank-account\/statement\.csv$/),
      dataDir: undefined,
      occurredAt: undefined,
      account: undefined,
      json: false,
      help: false,
    })
  })

  test('name a file, a folder, a day and an account', () => {
    const args = ['--transactions', 'a.csv', '--data-dir', 'data', '--occurred-at', '1993-12-31']

    expect(readOptions([...args, '--account', '576', '--json'])).toEqual({
      transactions: 'a.csv',
      dataDir: 'data',
      occurredAt: '1993-12-31',
      account: '576',
      json: true,
      help: false,
    })
  })

  test.each([
    { args: ['--occurred-at', '1993-02-30'], says: "--occurred-at '1993-02-30' is no day." },
    { args: ['--occurred-at', 'yesterday'], says: "--occurred-at 'yesterday' is no day." },
    { args: ['--occurred-at'], says: 'argument missing' },
    { args: ['--account', 'mine'], says: "--account 'mine' is no account id." },
    { args: ['statement.csv'], says: "Unexpected argument 'statement.csv'" },
    { args: ['--csv'], says: "Unknown option '--csv'" },
  ])('are refused: $args', ({ args, says }) => {
    const read = () => readOptions(args)

    expect(read).toThrow(UsageError)
    expect(read).toThrow(says)
  })
})
