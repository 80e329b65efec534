import { defineAggregate, type CommandOf } from '../../src/index.ts'
import {
  AccountAlreadyOpenedError,
  AccountNotEmptyError,
  AccountNotOpenError,
  InsufficientFundsError,
  InvalidAmountError,
} from './account-errors.ts'
import { accountEvents } from './account-events.ts'

/** What decisions need to know of an account. Amounts are whole cents. */
export interface Account {
  readonly status: 'unopened' | 'open' | 'closed'
  readonly balance: number
  /** How far below zero the balance may go. */
  readonly overdraftLimit: number
}

interface Dated {
  /** When it happens. Default: when the store takes it. */
  readonly occurredAt?: Date | undefined
}

interface Opening extends Dated {
  readonly owner: string
  /** Default 0. */
  readonly overdraftLimit?: number | undefined
}

interface Credit extends Dated {
  readonly cents: number
}

interface Debit extends Credit {
  /** `'approved'`: the bank lets the account go below its limit this time. */
  readonly overdraft?: 'approved' | undefined
}

export const account = defineAggregate({
  events: accountEvents,
  initialState: (): Account => ({ status: 'unopened', balance: 0, overdraftLimit: 0 }),
  decide: {
    Open: ({ status }, { owner, overdraftLimit = 0, occurredAt }: Opening) => {
      if (status !== 'unopened') throw new AccountAlreadyOpenedError()
      return [accountEvents.AccountOpened({ owner, overdraftLimit }, { occurredAt })]
    },
    Deposit: (state, { cents, occurredAt }: Credit) => {
      checkCredit(state, cents)
      return [accountEvents.MoneyDeposited({ cents }, { occurredAt })]
    },
    Withdraw: (state, { cents, overdraft, occurredAt }: Debit) => {
      checkDebit(state, { cents, overdraft })
      return [accountEvents.MoneyWithdrawn({ cents }, { occurredAt })]
    },
    TransferIn: (state, { cents, occurredAt }: Credit) => {
      checkCredit(state, cents)
      return [accountEvents.TransferReceived({ cents }, { occurredAt })]
    },
    TransferOut: (state, { cents, overdraft, occurredAt }: Debit) => {
      checkDebit(state, { cents, overdraft })
      return [accountEvents.TransferSent({ cents }, { occurredAt })]
    },
    CreditInterest: (state, { cents, occurredAt }: Credit) => {
      checkCredit(state, cents)
      return [accountEvents.InterestCredited({ cents }, { occurredAt })]
    },
    Close: (state, { occurredAt }: Dated) => {
      checkOpen(state)
      if (state.balance !== 0) throw new AccountNotEmptyError(state.balance)
      return [accountEvents.AccountClosed({}, { occurredAt })]
    },
  },
  evolve: {
    AccountOpened: (state, { data }) => ({
      ...state,
      status: 'open',
      overdraftLimit: data.overdraftLimit,
    }),
    MoneyDeposited: (state, { data }) => ({ ...state, balance: state.balance + data.cents }),
    MoneyWithdrawn: (state, { data }) => ({ ...state, balance: state.balance - data.cents }),
    TransferReceived: (state, { data }) => ({ ...state, balance: state.balance + data.cents }),
    TransferSent: (state, { data }) => ({ ...state, balance: state.balance - data.cents }),
    InterestCredited: (state, { data }) => ({ ...state, balance: state.balance + data.cents }),
    AccountClosed: (state) => ({ ...state, status: 'closed' }),
  },
})

/** What an account can be told to do. */
export type AccountCommand = CommandOf<{
  [T in keyof typeof account.decide]: Parameters<(typeof account.decide)[T]>[1]
}>

function checkOpen({ status }: Account): void {
  if (status !== 'open') throw new AccountNotOpenError(status)
}

function checkCredit(state: Account, cents: number): void {
  checkOpen(state)
  if (!Number.isSafeInteger(cents) || cents <= 0) throw new InvalidAmountError(cents)
}

function checkDebit(state: Account, { cents, overdraft }: Debit): void {
  checkCredit(state, cents)
  const { balance, overdraftLimit } = state
  if (balance - cents < -overdraftLimit && overdraft !== 'approved')
    throw new InsufficientFundsError({ balance, overdraftLimit, asked: cents })
}
