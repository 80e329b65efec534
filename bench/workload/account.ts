import {
  defineAggregate,
  defineEvents,
  defineProjection,
  event,
  type EventCatalog,
  type EventsOf,
} from '../../src/index.ts'

/** What a bank says about a payment: close to 300 bytes of JSON, as events of real systems have. */
export interface Payment {
  readonly cents: number
  readonly reference: string
  readonly counterparty: { readonly name: string; readonly account: string; readonly bank: string }
  readonly memo: string
  readonly channel: string
  readonly valueDate: string
}

export const accountEvents = defineEvents('account', {
  AccountOpened: event<{ owner: string }>(),
  MoneyDeposited: event<Payment>(),
  MoneyWithdrawn: event<Payment>(),
})

type Definitions = typeof accountEvents extends EventCatalog<infer D> ? D : never

export type AccountEvent = EventsOf<Definitions>

export interface Account {
  readonly isOpen: boolean
  readonly cents: number
}

export const account = defineAggregate({
  events: accountEvents,
  initialState: (): Account => ({ isOpen: false, cents: 0 }),
  decide: {
    Open: ({ isOpen }, { owner }: { owner: string }) => {
      if (isOpen) throw new Error('The account is open already.')
      return [accountEvents.AccountOpened({ owner })]
    },
    Deposit: (_, { payment }: { payment: Payment }) => [accountEvents.MoneyDeposited(payment)],
    Withdraw: ({ cents }, { payment }: { payment: Payment }) => {
      if (payment.cents > cents) throw new Error(`The balance is ${cents} cents.`)
      return [accountEvents.MoneyWithdrawn(payment)]
    },
  },
  evolve: {
    AccountOpened: (state) => ({ ...state, isOpen: true }),
    MoneyDeposited: (state, { data }) => ({ ...state, cents: state.cents + data.cents }),
    MoneyWithdrawn: (state, { data }) => ({ ...state, cents: state.cents - data.cents }),
  },
})

export interface Balance {
  readonly owner: string
  readonly cents: number
  readonly payments: number
  readonly lastReference: string
}

export const accountBalances = defineProjection({
  name: 'account-balances',
  version: 1,
  events: accountEvents,
  initialDocument: (): Balance => ({ owner: '', cents: 0, payments: 0, lastReference: '' }),
  on: {
    AccountOpened: (balance, { data }) => ({ ...balance, owner: data.owner }),
    MoneyDeposited: ({ owner, cents, payments }, { data }) => ({
      owner,
      cents: cents + data.cents,
      payments: payments + 1,
      lastReference: data.reference,
    }),
    MoneyWithdrawn: ({ owner, cents, payments }, { data }) => ({
      owner,
      cents: cents - data.cents,
      payments: payments + 1,
      lastReference: data.reference,
    }),
  },
})

/** Folds an event as it was stored into a state by the domain's own rows, called by hand. */
export function evolveByHand(state: Account, stored: { type: string; data: string }): Account {
  const { type, data } = stored
  return evolveEvent(state, { type, data: JSON.parse(data) as unknown } as AccountEvent)
}

export function evolveEvent(state: Account, event: AccountEvent): Account {
  switch (event.type) {
    case 'AccountOpened':
      return account.evolve.AccountOpened(state, event)
    case 'MoneyDeposited':
      return account.evolve.MoneyDeposited(state, event)
    case 'MoneyWithdrawn':
      return account.evolve.MoneyWithdrawn(state, event)
  }
}

/** Folds data of an event into a balance in the shortest way. */
export function balanceAfter(balance: Balance | undefined, type: string, data: string): Balance {
  const payment = JSON.parse(data) as Payment & { readonly owner: string }
  if (balance === undefined || type === 'AccountOpened')
    return { owner: payment.owner, cents: 0, payments: 0, lastReference: '' }
  const { owner, cents, payments } = balance
  return {
    owner,
    cents: type === 'MoneyDeposited' ? cents + payment.cents : cents - payment.cents,
    payments: payments + 1,
    lastReference: payment.reference,
  }
}

/** The `number`th payment: the same in every run. */
export function paymentOf(number: number): Payment {
  return {
    cents: 1 + ((number * 7919) % 10_000),
    reference: `TX-${String(number).padStart(9, '0')}`,
    counterparty: {
      name: `Household and Garden Supplies No. ${number % 97}`,
      account: `CZ65 0800 0000 1920 0014 ${String(number % 9973).padStart(4, '0')}`,
      bank: 'GIBACZPX',
    },
    memo: 'Standing order for the rent of the second floor, with heating',
    channel: 'branch counter',
    valueDate: '1993-12-31',
  }
}
