import { postgresEventStore } from '../../src/adapters/postgres/index.ts'
import type { EventStore } from '../../src/index.ts'
import { databases, unusedName } from '../pglite/databases.ts'
import { createEventsTable, fillEventsTable } from '../pglite/events-table.ts'
import { accountEvents } from './account.ts'
import { fillLog, storedEvents } from './log.ts'

export const PGLITE_LOG = { events: 60_000, accounts: 6000 }

export interface PGliteLog {
  readonly store: EventStore
  /** A table of the floor's database with the same events. */
  readonly table: string
}

let filling: Promise<PGliteLog> | undefined

/** One log in two databases, filled when it is first asked for. */
export function pgliteLog(): Promise<PGliteLog> {
  return (filling ??= fill())
}

async function fill(): Promise<PGliteLog> {
  const { ours: database, floor } = await databases()
  const [schema, table] = [unusedName(), unusedName()]
  const store = postgresEventStore({ database, schema, catalogs: [accountEvents] })
  await fillLog(store, PGLITE_LOG)
  await floor.script(createEventsTable(table))
  await fillEventsTable(floor, table, await storedEvents(store))
  return { store, table }
}
