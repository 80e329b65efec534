import { createEventStore, type EventStoreOptions } from '../../event-store/create-event-store.ts'
import type { EventStore } from '../../event-store/event-store.ts'
import type { Database } from './database.ts'
import { PostgresEventStorage } from './postgres-event-storage.ts'

export interface PostgresEventStoreOptions extends EventStoreOptions {
  /** Runs every statement: `postgres(pool)` or `await pglite(folder)`. The store never closes it: whoever made it does. */
  readonly database: Database
  /** Schema that holds the tables. Default `'everfold'`. */
  readonly schema?: string | undefined
}

/**
 * Makes an event store on PostgreSQL 13 and later, or on PGlite. Its tables are made and migrated when it is first used; the role needs the right to.
 *
 * ```ts
 * const store = postgresEventStore({ database: postgres(pool), catalogs: [accountEvents] })
 * ```
 *
 * Its methods also throw:
 *
 * @throws {SchemaVersionError} newer code has migrated the schema.
 * @throws {UnsafeLogError} the server is a standby, or the sequence of positions was changed.
 * @throws {DatabaseUnavailableError | DatabaseError | DatabaseClosedError} as the database does.
 */
export function postgresEventStore(options: PostgresEventStoreOptions): EventStore {
  const { database, schema = 'everfold', ...storeOptions } = options
  return createEventStore(new PostgresEventStorage(database, schema), storeOptions)
}
