// What must compile, and (@ts-expect-error) what must not. Checked by tsc, never run.
import type { StandardSchemaV1 } from '@standard-schema/spec'
import {
  defineAggregate,
  defineEvents,
  defineProjection,
  event,
  project,
  type ReadModel,
  type Repository,
} from '../../src/index.ts'

declare const repository: Repository
declare const schema: StandardSchemaV1<{ cents: number }>

export const accountEvents = defineEvents('account', {
  AccountOpened: event<{ owner: string; currency: string }>(),
  MoneyDeposited: event<{ cents: number }, [{ amount: number }]>({
    upcast: { 1: (old) => ({ cents: Math.round(old.amount * 100) }) },
  }),
  InterestPaid: event({ schema }),
  AccountClosed: event<Record<string, never>>(),
})

interface Account {
  status: 'unopened' | 'open' | 'closed'
  cents: number
  owner?: string
}

export const account = defineAggregate({
  events: accountEvents,
  initialState: (): Account => ({ status: 'unopened', cents: 0 }),
  decide: {
    Open: (_state, command: { owner: string }) => [
      accountEvents.AccountOpened({ owner: command.owner, currency: 'CZK' }),
    ],
    Deposit: (state, command: { cents: number; at?: Date }) => {
      if (state.status !== 'open') throw new Error('x')
      return [accountEvents.MoneyDeposited({ cents: command.cents }, { occurredAt: command.at })]
    },
    Close: (state) => (state.status === 'closed' ? [] : [accountEvents.AccountClosed({})]),
  },
  evolve: {
    AccountOpened: (state, { data }) => ({ ...state, status: 'open', owner: data.owner }),
    MoneyDeposited: (state, { data }) => ({ ...state, cents: state.cents + data.cents }),
    InterestPaid: (state, { data }) => ({ ...state, cents: state.cents + data.cents }),
    AccountClosed: (state) => ({ ...state, status: 'closed' }),
  },
})

const executed = await repository.execute(account, '42', { type: 'Deposit', cents: 100 })
executed.state.status satisfies 'unopened' | 'open' | 'closed'
await repository.execute(account, '42', { type: 'Close' })
for (const each of executed.events)
  if (each.type === 'MoneyDeposited') each.data.cents satisfies number

const loaded = await repository.load(account, '42', { occurredAt: new Date() })
loaded.state.cents satisfies number
// @ts-expect-error a moment in time is a Date
await repository.load(account, '42', { occurredAt: 'yesterday' })
for await (const { state, event } of repository.history(account, '42')) {
  state.cents satisfies number
  event.type satisfies 'AccountOpened' | 'MoneyDeposited' | 'InterestPaid' | 'AccountClosed'
}

const customerEvents = defineEvents('customer', { CustomerMoved: event<{ city: string }>() })

interface Balance {
  owner: string
  cents: number
  state: 'open' | 'frozen'
}
const initialDocument = (): Balance => ({ owner: '', cents: 0, state: 'open' })

export const balances = defineProjection({
  name: 'account-balances',
  version: 1,
  events: accountEvents,
  key: (event) => event.streamId,
  initialDocument,
  on: {
    AccountOpened: (balance, { data }) => ({ ...balance, owner: data.owner, state: 'frozen' }),
    MoneyDeposited: (balance, { data }) => ({ ...balance, cents: balance.cents + data.cents }),
    AccountClosed: () => null,
  },
})

export const two = defineProjection({
  name: 'two',
  version: 1,
  events: [accountEvents, customerEvents],
  key: (event) => (event.type === 'CustomerMoved' ? event.data.city : event.streamId),
  initialDocument,
  on: {
    AccountOpened: (balance, { data }) => ({ ...balance, owner: data.owner }),
    CustomerMoved: (balance, { data }) => ({ ...balance, owner: data.city }),
  },
})

declare const model: ReadModel<Balance>
project(balances).into(model)

// @ts-expect-error command payload
await repository.execute(account, '42', { type: 'Deposit', cents: '1' })
// @ts-expect-error no such command
await repository.execute(account, '42', { type: 'Depositt', cents: 1 })
// @ts-expect-error wrong document type
project(balances).into({} as ReadModel<{ name: string }>)
export const unknownRow = defineProjection({
  name: 'x',
  version: 1,
  events: accountEvents,
  initialDocument,
  on: {
    AccountOpened: (balance, { data }) => ({ ...balance, owner: data.owner, state: 'open' }),
    // @ts-expect-error no such event
    Nope: (balance) => balance,
  },
})
// @ts-expect-error missing evolve rows
defineAggregate({ events: customerEvents, initialState: () => ({ n: 0 }), decide: {}, evolve: {} })
