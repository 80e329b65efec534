import { defineProjection } from '../../src/index.ts'
import { accountEvents } from './account-events.ts'

/** The balance of an account, in whole cents. */
export interface Balance {
  readonly owner: string
  readonly cents: number
}

const credit = (balance: Balance, { data }: { readonly data: { readonly cents: number } }) => ({
  ...balance,
  cents: balance.cents + data.cents,
})

const debit = (balance: Balance, { data }: { readonly data: { readonly cents: number } }) => ({
  ...balance,
  cents: balance.cents - data.cents,
})

/** What every account holds now; a closed one is gone. */
export const accountBalances = defineProjection({
  name: 'account-balances',
  version: 1,
  events: accountEvents,
  initialDocument: (): Balance => ({ owner: '', cents: 0 }),
  on: {
    AccountOpened: (balance, { data }) => ({ ...balance, owner: data.owner }),
    MoneyDeposited: credit,
    MoneyWithdrawn: debit,
    TransferReceived: credit,
    TransferSent: debit,
    InterestCredited: credit,
    AccountClosed: () => null,
  },
})
