import { describe, test } from '@jest/globals'
import { accountBalances } from '../../../examples/bank-account/account-balances.ts'
import { accountEvents } from '../../../examples/bank-account/account-events.ts'
import { given, inStream } from '../../../src/testing/index.ts'

const opened = accountEvents.AccountOpened({ owner: 'Ada', overdraftLimit: 0 })

describe('accountBalances', () => {
  test('adds what comes in and takes away what goes out', () => {
    given(
      accountBalances,
      inStream(
        'account-1',
        opened,
        accountEvents.MoneyDeposited({ cents: 10_000 }),
        accountEvents.TransferReceived({ cents: 500 }),
        accountEvents.InterestCredited({ cents: 7 }),
        accountEvents.MoneyWithdrawn({ cents: 2000 }),
        accountEvents.TransferSent({ cents: 100 }),
      ),
    ).then({ 'account-1': { owner: 'Ada', cents: 8407 } })
  })

  test('keeps each account apart', () => {
    given(
      accountBalances,
      inStream('account-1', opened, accountEvents.MoneyDeposited({ cents: 1 })),
      inStream('account-2', opened, accountEvents.MoneyDeposited({ cents: 2 })),
    ).then({ 'account-1': { owner: 'Ada', cents: 1 }, 'account-2': { owner: 'Ada', cents: 2 } })
  })

  test('forgets a closed account', () => {
    given(accountBalances, inStream('account-1', opened))
      .when(inStream('account-1', accountEvents.AccountClosed({})))
      .then({})
  })
})
