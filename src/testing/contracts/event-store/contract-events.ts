import { randomUUID } from 'node:crypto'
import {
  defineEvents,
  event,
  streamId,
  type AnyEventCatalog,
  type DomainEvent,
  type StreamId,
} from '../../../index.ts'

const accountEvents = defineEvents('account', {
  AccountOpened: event<{ owner: string }>(),
  MoneyDeposited: event<{ cents: number }, [{ amount: number }]>({
    upcast: { 1: (old) => ({ cents: Math.round(old.amount * 100) }) },
  }),
  NoteAdded: event<unknown>(),
})

const olderAccountEvents = defineEvents('account', {
  AccountOpened: event<{ owner: string }>(),
  MoneyDeposited: event<{ amount: number }>(),
})

/** Its category begins like the other one: a store that filters by prefix mixes the two up. */
const accountantEvents = defineEvents('accountant', {
  AccountantHired: event<{ name: string }>(),
})

/** The events that the contract appends. */
export const catalogs: readonly AnyEventCatalog[] = [accountEvents, accountantEvents]

/** The same as older code declares them: no notes, and deposits in their first shape. */
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

export const noted = (data: unknown): DomainEvent => accountEvents.NoteAdded(data)

export const hired = (name: string): DomainEvent => accountantEvents.AccountantHired({ name })

/** Deposits of 1, 2, ... cents. */
export const deposits = (count: number): readonly DomainEvent[] =>
  Array.from({ length: count }, (_, index) => deposited(index + 1))

/** Gives events ids, so that they can be appended again as the same. */
export const withIds = (events: readonly DomainEvent[]): readonly DomainEvent[] =>
  events.map((event) => ({ ...event, id: randomUUID() }))
