// What must compile, and (@ts-expect-error) what must not. Checked by tsc; never run.
import { z } from 'zod'
import { memoryEventStore } from '../../src/adapters/memory/index.ts'
import {
  createEventStore,
  defineEvents,
  drop,
  event,
  streamId,
  type AnyEventCatalog,
  type DomainEvent,
  type EventStorage,
  type GlobalPosition,
  type RecordedEvent,
  type UpcastContext,
} from '../../src/index.ts'

type Equal<One, Other> =
  (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false

/** Takes `true` only when both types are the same. */
function same<One, Other>(isSame: Equal<One, Other>): boolean {
  return isSame
}

const accountEvents = defineEvents('account', {
  AccountOpened: event<{ owner: string; currency: string }>(),
  MoneyDeposited: event<{ cents: number }, [{ amount: number }]>({
    upcast: { 1: (old) => ({ cents: Math.round(old.amount * 100) }) },
  }),
  MoneyWithdrawn: event<{ cents: number }, [{ amount: number }, { amount: string }]>({
    upcast: {
      1: (old) => ({ amount: old.amount.toFixed(2) }),
      2: (old, context) => {
        same<typeof old, { amount: string }>(true)
        context satisfies UpcastContext
        return { cents: Math.round(Number(old.amount) * 100) }
      },
    },
  }),
  InterestPaid: event({ schema: z.object({ cents: z.number() }) }),
  AccountClosed: event<Record<string, never>>(),
})

// A catalog makes events of its types, and infers their data, also from a schema.
const opened = accountEvents.AccountOpened({ owner: 'Ada', currency: 'CZK' })
same<typeof opened, DomainEvent<'AccountOpened', { owner: string; currency: string }>>(true)
const interest = accountEvents.InterestPaid({ cents: 1 }, { occurredAt: new Date() })
same<typeof interest, DomainEvent<'InterestPaid', { cents: number }>>(true)
accountEvents.AccountClosed({}, { id: 'x', metadata: { userId: 'u1' }, occurredAt: undefined })
accountEvents satisfies AnyEventCatalog

// @ts-expect-error wrong data
accountEvents.AccountOpened({ owner: 'Ada' })
// @ts-expect-error wrong data by the schema
accountEvents.InterestPaid({ cents: '1' })
// @ts-expect-error no such event
accountEvents.AccountFrozen satisfies undefined
// @ts-expect-error events carry no versions of their own
accountEvents.AccountClosed({}, { version: 1 })

// Events are told apart by their type.
declare const stored: RecordedEvent
const [upcast] = accountEvents.upcast(stored)
if (upcast?.type === 'MoneyDeposited') same<typeof upcast.data, { cents: number }>(true)
if (upcast?.type === 'AccountOpened') same<typeof upcast.data.owner, string>(true)
same<NonNullable<typeof upcast>['position'], GlobalPosition>(true)
// @ts-expect-error no such event in this catalog
if (upcast?.type === 'AccountFrozen') upcast.data satisfies never

// Upcasters: one step for each earlier shape, from it to the next.
event<{ cents: number }, [{ amount: number }]>({
  // @ts-expect-error the step gives no current shape
  upcast: { 1: (old) => ({ amount: old.amount }) },
})
event<{ cents: number }, [{ amount: number }, { amount: string }]>({
  // @ts-expect-error a step is missing
  upcast: { 1: (old) => ({ amount: String(old.amount) }) },
})
event<{ cents: number }, [{ amount: number }]>({
  upcast: {
    1: (old) => ({ cents: old.amount }),
    // @ts-expect-error a step is surplus
    2: (old: unknown) => old,
  },
})
event<{ cents: number }, [{ amount: number }]>({
  // @ts-expect-error steps answer at once
  upcast: { 1: async (old) => ({ cents: old.amount }) },
})
// @ts-expect-error earlier shapes need their steps
event<{ cents: number }, [{ amount: number }]>()
// @ts-expect-error the schema is of another shape
event<{ cents: number }>({ schema: z.object({ amount: z.number() }) })

event<{ cents: number }, [{ amount: number }]>({
  upcast: {
    1: (old) => ({ cents: old.amount }),
    // @ts-expect-error two steps from one version
    1: (old) => ({ cents: old.amount * 100 }),
  },
})

// Retired types: another name, or steps from what was stored to events of today.
const payments = { Paid: event<{ cents: number }>(), Charged: event<{ fee: number }>() }
const paymentEvents = defineEvents('payment', payments, {
  retired: {
    PaidIn: 'Paid',
    PaidWithFee: {
      1: (old: { cents: number; fee: number }, { streamId, metadata }) => {
        streamId.length satisfies number
        metadata['userId'] satisfies unknown
        return [
          { type: 'Paid', data: { cents: old.cents } },
          { type: 'Charged', data: { fee: old.fee } },
        ]
      },
      2: (old: { cents: number }) => (old.cents === 0 ? drop : [{ type: 'Paid', data: old }]),
    },
    PageViewed: { 1: () => drop },
  },
})
// @ts-expect-error a retired type makes no events
paymentEvents.PaidIn satisfies undefined
const [retired] = paymentEvents.upcast(stored)
same<NonNullable<typeof retired>['type'], 'Paid' | 'Charged'>(true)
if (retired?.type === 'Charged') same<typeof retired.data, { fee: number }>(true)

// @ts-expect-error renamed to a type that is not declared
defineEvents('payment', payments, { retired: { PaidIn: 'Payed' } })
defineEvents('payment', payments, {
  // @ts-expect-error an event of a type that is not declared
  retired: { PaidIn: { 1: (old: { cents: number }) => [{ type: 'Payed', data: old }] } },
})
defineEvents('payment', payments, {
  // @ts-expect-error an event of the wrong shape
  retired: { PaidIn: { 1: () => [{ type: 'Paid', data: { amount: 5 } }] } },
})
defineEvents('payment', payments, {
  // @ts-expect-error steps answer at once
  retired: { PaidIn: { 1: async (old: { cents: number }) => [{ type: 'Paid', data: old }] } },
})
defineEvents('payment', payments, {
  // @ts-expect-error a step gives a list, or says drop
  retired: { PageViewed: { 1: () => undefined } },
})

// Reserved names are no event types.
// @ts-expect-error a reserved name
defineEvents('account', { upcast: event<{ cents: number }>() })
// @ts-expect-error a reserved name
defineEvents('account', { category: event<{ cents: number }>() })

// Stores.
const store = memoryEventStore({ catalogs: [accountEvents], now: () => new Date() })
declare const storage: EventStorage
createEventStore(storage, { catalogs: [accountEvents], pollIntervalMs: 10 })
const account = streamId('account', '42')
await store.append(account, [opened, interest], { expectedVersion: 'no-stream' })
await store.append(account, [opened], { expectedVersion: 3, commandId: 'c1' })
const [first] = await store.appendAll([{ streamId: account, events: [], expectedVersion: 'any' }])
same<typeof first, Awaited<ReturnType<typeof store.append>> | undefined>(true)

// @ts-expect-error a plain text is no stream id
await store.append('account-42', [opened], { expectedVersion: 0 })
// @ts-expect-error the expected version must be stated
await store.append(account, [opened], {})
// @ts-expect-error no such expectation
await store.append(account, [opened], { expectedVersion: 'empty' })
// @ts-expect-error a bare number or BigInt is no position
store.readAll({ until: 5n })
// @ts-expect-error a position alone is no checkpoint
store.readAll({ after: first?.position })
// @ts-expect-error recorded events do not change
stored.version = 2
