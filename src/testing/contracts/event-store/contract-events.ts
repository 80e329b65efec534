import { randomUUID } from 'node:crypto'
import {
  defineEvents,
  drop,
  event,
  streamId,
  type AnyEventCatalog,
  type DomainEvent,
  type StreamId,
} from '../../../index.ts'

const accountEvents = defineEvents(
  'account',
  {
    AccountOpened: event<{ owner: string }>(),
    MoneyDeposited: event<{ cents: number }, [{ amount: number }]>({
      upcast: { 1: (old) => ({ cents: Math.round(old.amount * 100) }) },
    }),
    MoneyWithdrawn: event<{ cents: number }>(),
    NoteAdded: event<unknown>(),
  },
  {
    retired: {
      MoneyPaidIn: 'MoneyDeposited',
      MoneyExchanged: {
        1: ({ paid, got }: { readonly paid: number; readonly got: number }) => [
          { type: 'MoneyWithdrawn', data: { cents: paid } },
          { type: 'MoneyDeposited', data: { cents: got } },
        ],
      },
      PageViewed: { 1: () => drop },
    },
  },
)

const olderAccountEvents = defineEvents('account', {
  AccountOpened: event<{ owner: string }>(),
  MoneyDeposited: event<{ amount: number }>(),
  MoneyPaidIn: event<{ amount: number }>(),
  MoneyExchanged: event<{ paid: number; got: number }>(),
  PageViewed: event<Record<string, never>>(),
})

/** Its category begins like the other one: a store that filters by prefix mixes the two up. */
const accountantEvents = defineEvents('accountant', {
  AccountantHired: event<{ name: string }>(),
})

/** The events that the contract appends. */
export const catalogs: readonly AnyEventCatalog[] = [accountEvents, accountantEvents]

/** The same as older code declares them: no notes, deposits in their first shape, and types that are retired today. */
export const olderCatalogs: readonly AnyEventCatalog[] = [olderAccountEvents, accountantEvents]

/** A stream that no other rule uses. */
export const anyAccount = (): StreamId => streamId('account', randomUUID())

/** A stream of the other category that no other rule uses. */
export const anyAccountant = (): StreamId => streamId('accountant', randomUUID())

export const opened = (owner: string): DomainEvent => accountEvents.AccountOpened({ owner })

export const deposited = (cents: number): DomainEvent => accountEvents.MoneyDeposited({ cents })

/** A deposit in the shape that only the older store appends. */
export const depositedAmount = (amount: number): DomainEvent =>
  olderAccountEvents.MoneyDeposited({ amount })

/** A deposit under its first name, which only the older store appends; it was renamed. */
export const paidIn = (amount: number): DomainEvent => olderAccountEvents.MoneyPaidIn({ amount })

/** Split into a withdrawal and a deposit today. */
export const exchanged = (paid: number, got: number): DomainEvent =>
  olderAccountEvents.MoneyExchanged({ paid, got })

/** Dropped today. */
export const viewed = (): DomainEvent => olderAccountEvents.PageViewed({})

export const noted = (data: unknown): DomainEvent => accountEvents.NoteAdded(data)

export const hired = (name: string): DomainEvent => accountantEvents.AccountantHired({ name })

/** Deposits of 1, 2, ... cents. */
export const deposits = (count: number): readonly DomainEvent[] =>
  Array.from({ length: count }, (_, index) => deposited(index + 1))

/** Gives events ids, so that they can be appended again as the same. */
export const withIds = (events: readonly DomainEvent[]): readonly DomainEvent[] =>
  events.map((event) => ({ ...event, id: randomUUID() }))
