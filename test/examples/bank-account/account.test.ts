import { describe, test } from '@jest/globals'
import {
  AccountAlreadyOpenedError,
  AccountNotEmptyError,
  AccountNotOpenError,
  InsufficientFundsError,
  InvalidAmountError,
} from '../../../examples/bank-account/account-errors.ts'
import { accountEvents } from '../../../examples/bank-account/account-events.ts'
import { account } from '../../../examples/bank-account/account.ts'
import { given } from '../../../src/testing/index.ts'

const opened = accountEvents.AccountOpened({ owner: 'Ada', overdraftLimit: 0 })
const openedWithLimit = accountEvents.AccountOpened({ owner: 'Ada', overdraftLimit: 500 })
const deposited = accountEvents.MoneyDeposited({ cents: 1000 })
const emptied = accountEvents.MoneyWithdrawn({ cents: 1000 })
const closed = accountEvents.AccountClosed({})

describe('opening', () => {
  test('allows no overdraft unless a limit is given', () => {
    given(account).when({ type: 'Open', owner: 'Ada' }).then(opened)
  })

  test('grants an overdraft limit', () => {
    given(account).when({ type: 'Open', owner: 'Ada', overdraftLimit: 500 }).then(openedWithLimit)
  })

  test('is refused for an account that was opened before', () => {
    given(account, opened)
      .when({ type: 'Open', owner: 'Bob' })
      .thenThrows(AccountAlreadyOpenedError)
  })
})

describe('money that comes in', () => {
  test('is deposited', () => {
    given(account, opened)
      .when({ type: 'Deposit', cents: 250 })
      .then(accountEvents.MoneyDeposited({ cents: 250 }))
  })

  test('is received from another account', () => {
    given(account, opened)
      .when({ type: 'TransferIn', cents: 250 })
      .then(accountEvents.TransferReceived({ cents: 250 }))
  })

  test('is credited as interest', () => {
    given(account, opened)
      .when({ type: 'CreditInterest', cents: 3 })
      .then(accountEvents.InterestCredited({ cents: 3 }))
  })

  test('is dated by the command', () => {
    const occurredAt = new Date('2024-02-29T00:00:00Z')

    given(account, opened)
      .when({ type: 'Deposit', cents: 250, occurredAt })
      .then(accountEvents.MoneyDeposited({ cents: 250 }, { occurredAt }))
  })

  test('is refused before the account is open', () => {
    given(account).when({ type: 'Deposit', cents: 250 }).thenThrows(AccountNotOpenError)
  })

  test.each([0, -5, 1.5, Number.NaN])('is a whole number of cents above 0, not %s', (cents) => {
    given(account, opened).when({ type: 'Deposit', cents }).thenThrows(InvalidAmountError)
  })
})

describe('money that goes out', () => {
  test('is withdrawn down to a balance of 0', () => {
    given(account, opened, deposited)
      .when({ type: 'Withdraw', cents: 1000 })
      .then(accountEvents.MoneyWithdrawn({ cents: 1000 }))
  })

  test('is refused below 0', () => {
    given(account, opened, deposited)
      .when({ type: 'Withdraw', cents: 1001 })
      .thenThrows(InsufficientFundsError)
  })

  test('is transferred down to the overdraft limit', () => {
    given(account, openedWithLimit, deposited)
      .when({ type: 'TransferOut', cents: 1500 })
      .then(accountEvents.TransferSent({ cents: 1500 }))
  })

  test('is refused below the overdraft limit, with the facts', () => {
    given(account, openedWithLimit, deposited)
      .when({ type: 'TransferOut', cents: 1501 })
      .thenThrows({ balance: 1000, overdraftLimit: 500, asked: 1501 })
  })

  test('goes below the limit when the bank approved it', () => {
    given(account, opened, deposited)
      .when({ type: 'Withdraw', cents: 5000, overdraft: 'approved' })
      .then(accountEvents.MoneyWithdrawn({ cents: 5000 }))
  })

  test.each([0, -5, 1.5])('is a whole number of cents above 0, not %s', (cents) => {
    given(account, opened, deposited)
      .when({ type: 'Withdraw', cents, overdraft: 'approved' })
      .thenThrows(InvalidAmountError)
  })
})

describe('closing', () => {
  test('ends an account without money', () => {
    given(account, opened, deposited, emptied).when({ type: 'Close' }).then(closed)
  })

  test('is refused while there is money in it', () => {
    given(account, opened, deposited).when({ type: 'Close' }).thenThrows(AccountNotEmptyError)
  })

  test('is refused a second time', () => {
    given(account, opened, closed).when({ type: 'Close' }).thenThrows(AccountNotOpenError)
  })

  test('lets no money in or out any more', () => {
    given(account, opened, closed)
      .when({ type: 'TransferIn', cents: 1 })
      .thenThrows({ message: 'The account is closed. Use another one.' })
  })
})
