// What must compile, and (@ts-expect-error) what must not. Checked by tsc, never run.
import {
  asOf,
  defineEvents,
  event,
  project,
  type EventStore,
  type ReadModel,
} from '../../src/index.ts'
import { sqlProjection, type Database } from '../../src/adapters/postgres/index.ts'

declare const database: Database
declare const store: EventStore
declare const readModel: ReadModel<unknown>

const accountEvents = defineEvents('account', {
  AccountOpened: event<{ owner: string }>(),
  MoneyDeposited: event<{ cents: number }>(),
})
const orderEvents = defineEvents('order', { OrderPlaced: event<{ customer: string }>() })

const base = { name: 'lines', version: 1, create: () => '', apply: () => undefined } as const

export const lines = sqlProjection({
  name: 'lines',
  version: 1,
  events: [accountEvents, orderEvents],
  types: ['MoneyDeposited', 'OrderPlaced'],
  key: ({ type, data }) => (type === 'OrderPlaced' ? data.customer : null),
  tables: ['lines', 'sums'],
  create: (tables) => `CREATE TABLE ${tables.lines} (); CREATE TABLE ${tables.sums} ()`,
  apply: async (events, { session, tables }) => {
    for (const { type, data } of events)
      await session.query({ text: `INSERT INTO ${tables.sums} VALUES ($1)` }, [
        type === 'MoneyDeposited' ? data.cents : data.customer,
      ])
  },
})
await lines.into({ database, schema: 'app' }, { lanes: 2, switch: 'manual' }).waitFor(undefined)

// @ts-expect-error a batch is opaque: nothing of it can be set aside
lines.into({ database }, { onFailure: 'park' })
// @ts-expect-error it makes no documents
project(lines).into(readModel)
// @ts-expect-error no fold can repeat it as of a moment
await asOf(lines, { recordedAt: new Date() }, { store })

// @ts-expect-error its catalog declares no such event
sqlProjection({ ...base, events: accountEvents, types: ['OrderPlaced'], tables: ['lines'] })
// @ts-expect-error it has a table
sqlProjection({ ...base, events: accountEvents, types: ['AccountOpened'], tables: [] })

sqlProjection({
  ...base,
  events: accountEvents,
  types: ['AccountOpened'],
  tables: ['lines'],
  // @ts-expect-error an event has one key: it would be applied for each
  key: ({ streamId }) => [streamId],
})

sqlProjection({
  ...base,
  events: accountEvents,
  types: ['MoneyDeposited'],
  tables: ['lines'],
  // @ts-expect-error there is no such table
  create: ({ sums }) => String(sums),
  apply: ([first]) => {
    // @ts-expect-error its data have no such member
    String(first?.data.owner)
  },
})
