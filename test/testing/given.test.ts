import { describe, expect, test } from '@jest/globals'
import { given } from '../../src/testing/given.ts'
import { inStream } from '../../src/testing/projection-scenario.ts'
import {
  account,
  accountBalances,
  accountEvents,
  InsufficientFundsError,
} from '../domain/account.ts'

describe('given an aggregate', () => {
  test('passes when the command leads to exactly these events', () => {
    given(account, accountEvents.MoneyDeposited({ cents: 5 }))
      .when({ type: 'Withdraw', cents: 3 })
      .then(accountEvents.MoneyWithdrawn({ cents: 3 }))
    given(account).when({ type: 'Greet' }).thenNothing()
    given(account).when({ type: 'Withdraw', cents: 3 }).thenThrows(InsufficientFundsError)
  })

  test('fails on other data, other events, surplus events and missing ones', () => {
    const outcome = given(account).when({ type: 'Open', owner: 'Ada', cents: 5 })
    const opened = accountEvents.AccountOpened({ owner: 'Ada' })
    const deposited = accountEvents.MoneyDeposited({ cents: 5 })

    expect(() => {
      outcome.then(opened, accountEvents.MoneyDeposited({ cents: 6 }))
    }).toThrow()
    expect(() => {
      outcome.then(deposited, opened)
    }).toThrow()
    expect(() => {
      outcome.then(opened)
    }).toThrow()
    expect(() => {
      outcome.then(opened, deposited, deposited)
    }).toThrow()
    expect(() => {
      outcome.thenNothing()
    }).toThrow()
    expect(() => {
      outcome.thenThrows(InsufficientFundsError)
    }).toThrow()
  })

  test('compares the time of an event where one is expected', () => {
    const outcome = given(account).when({ type: 'Deposit', cents: 5, at: new Date(7) })

    outcome.then(accountEvents.MoneyDeposited({ cents: 5 }))
    outcome.then(accountEvents.MoneyDeposited({ cents: 5 }, { occurredAt: new Date(7) }))
    expect(() => {
      outcome.then(accountEvents.MoneyDeposited({ cents: 5 }, { occurredAt: new Date(8) }))
    }).toThrow()
  })

  test('fails when another error is thrown than the one expected', () => {
    expect(() => {
      given(account).when({ type: 'Withdraw', cents: 3 }).thenThrows(RangeError)
    }).toThrow('Expected RangeError; thrown was Error: Balance is 0 cents, asked for 3.')
  })
})

describe('given a projection', () => {
  const opened = inStream('account-1', accountEvents.AccountOpened({ owner: 'Ada' }))

  test('passes when the events fold to exactly these documents', () => {
    given(accountBalances, opened)
      .when(
        inStream('account-1', accountEvents.MoneyDeposited({ cents: 5 })),
        inStream('account-2', accountEvents.AccountClosed({})),
      )
      .then({ 'account-1': { owner: 'Ada', cents: 5, events: 2 } })
  })

  test('fails on another document, a missing one and a surplus one', () => {
    const scenario = given(accountBalances, opened)

    expect(() => {
      scenario.then({ 'account-1': { owner: 'Ada', cents: 1, events: 1 } })
    }).toThrow()
    expect(() => {
      scenario.then({})
    }).toThrow()
    expect(() => {
      scenario.then({
        'account-1': { owner: 'Ada', cents: 0, events: 1 },
        'account-2': { owner: 'Ada', cents: 0, events: 1 },
      })
    }).toThrow()
  })
})
