import { describe, expect, test } from '@jest/globals'
import { accountEvents } from '../../../examples/bank-account/account-events.ts'
import { describeAccountHistory } from '../../../examples/bank-account/account-history.ts'
import { account } from '../../../examples/bank-account/account.ts'
import { memoryEventStore } from '../../../src/adapters/memory/index.ts'
import { Repository } from '../../../src/index.ts'

describe("an account's history", () => {
  test('has a line per event with the balance after it, and a chart', async () => {
    const repository = new Repository({ store: memoryEventStore({ catalogs: [accountEvents] }) })
    const occurredAt = new Date('2024-01-31T00:00:00Z')
    await repository.execute(account, '7', { type: 'Open', owner: 'Ada', occurredAt })
    await repository.execute(account, '7', { type: 'Deposit', cents: 123_456, occurredAt })
    await repository.execute(account, '7', { type: 'Withdraw', cents: 456, occurredAt })

    const lines = await describeAccountHistory(repository, '7')

    expect(lines.slice(0, 5)).toEqual([
      'Account 7',
      'version  day         event                     amount         balance',
      '      1  2024-01-31  AccountOpened                               0.00',
      '      2  2024-01-31  MoneyDeposited          1,234.56        1,234.56',
      '      3  2024-01-31  MoneyWithdrawn             -4.56        1,230.00',
    ])
    expect(lines.slice(5).join('\n')).toContain('┏━')
  })

  test('is empty for an account that is not in the log', async () => {
    const repository = new Repository({ store: memoryEventStore({ catalogs: [accountEvents] }) })

    expect(await describeAccountHistory(repository, '7')).toEqual([])
  })
})
