import {
  defineAggregate,
  defineEvents,
  defineProjection,
  event,
  type EventCatalog,
} from '../../src/index.ts'

/** A small account for tests of the framework; the whole one is in examples/bank-account. Amounts are whole cents. */
export const accountEvents = defineEvents('account', {
  AccountOpened: event<{ owner: string }>(),
  MoneyDeposited: event<{ cents: number }>(),
  MoneyWithdrawn: event<{ cents: number }>(),
  AccountClosed: event<Record<string, never>>(),
})

export type AccountEvents = typeof accountEvents extends EventCatalog<infer D> ? D : never

export class InsufficientFundsError extends Error {}
export class AccountClosedError extends Error {}

export interface Account {
  readonly isClosed: boolean
  readonly cents: number
}

export const account = defineAggregate({
  events: accountEvents,
  initialState: (): Account => ({ isClosed: false, cents: 0 }),
  decide: {
    Open: (_, { owner, cents }: { owner: string; cents?: number }) => [
      accountEvents.AccountOpened({ owner }),
      ...(cents === undefined ? [] : [accountEvents.MoneyDeposited({ cents })]),
    ],
    Deposit: (_, { cents, at }: { cents: number; at?: Date }) => [
      accountEvents.MoneyDeposited({ cents }, { occurredAt: at }),
    ],
    Withdraw: (state, { cents }: { cents: number }) => {
      if (cents > state.cents)
        throw new InsufficientFundsError(`Balance is ${state.cents} cents, asked for ${cents}.`)
      return [accountEvents.MoneyWithdrawn({ cents })]
    },
    Close: ({ isClosed }) => {
      if (isClosed) throw new AccountClosedError('The account is closed already.')
      return [accountEvents.AccountClosed({})]
    },
    Greet: () => [],
  },
  evolve: {
    AccountOpened: (state) => state,
    MoneyDeposited: (state, { data }) => ({ ...state, cents: state.cents + data.cents }),
    MoneyWithdrawn: (state, { data }) => ({ ...state, cents: state.cents - data.cents }),
    AccountClosed: (state) => ({ ...state, isClosed: true }),
  },
})

export interface Balance {
  readonly owner: string
  readonly cents: number
  /** How many events it contains: shows one that was lost or folded twice. */
  readonly events: number
}

export const accountBalances = defineProjection({
  name: 'account-balances',
  version: 1,
  events: accountEvents,
  initialDocument: (): Balance => ({ owner: '', cents: 0, events: 0 }),
  on: {
    AccountOpened: (balance, { data }) => ({
      ...balance,
      owner: data.owner,
      events: balance.events + 1,
    }),
    MoneyDeposited: (balance, { data }) => ({
      ...balance,
      cents: balance.cents + data.cents,
      events: balance.events + 1,
    }),
    MoneyWithdrawn: (balance, { data }) => ({
      ...balance,
      cents: balance.cents - data.cents,
      events: balance.events + 1,
    }),
    AccountClosed: () => null,
  },
})
