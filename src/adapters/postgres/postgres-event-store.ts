import {
  byCategory,
  createEventStore,
  type EventStoreOptions,
} from '../../event-store/create-event-store.ts'
import { EventEncoder } from '../../event-store/event-encoder.ts'
import type { CallOptions } from '../../event-store/event-reader.ts'
import type { EventStore } from '../../event-store/event-store.ts'
import type { EventWriter } from '../../event-store/event-writer.ts'
import type { ImportedEvent } from '../../event-store/imported-event.ts'
import { newId } from '../../event-store/new-id.ts'
import { unlessAborted } from '../../event-store/unless-aborted.ts'
import type { Database, DatabaseSession } from './database/database.ts'
import { EventImporter, type ImportOptions } from './import/event-importer.ts'
import { EventSchema } from './schema/event-schema.ts'
import type { ImportProgress } from './import/import-progress.ts'
import { PostgresEventStorage } from './postgres-event-storage.ts'
import { readStoreStatus, type StoreStatus } from './log/store-status.ts'
import { writerWithin, type TransactionClient } from './appending/within.ts'

export interface PostgresEventStoreOptions extends EventStoreOptions {
  /** Runs every statement: `postgres(pool)` or `await pglite(folder)`. The store never closes it: whoever made it does. */
  readonly database: Database
  /** Schema that holds the tables. Default `'everfold'`. */
  readonly schema?: string | undefined
  /**
   * `'automatic'`: the schema is made and migrated before it is first used. `'manual'`: it is only compared then, and `migrate()` or the script of
   * `migrationSql()` brings it there, e.g. because the application's role may not change tables. Default `'automatic'`.
   */
  readonly migrations?: 'automatic' | 'manual' | undefined
}

/** An `EventStore` on Postgres, and what only Postgres has. */
export interface PostgresEventStore extends EventStore {
  /**
   * Gives what appends inside a transaction that the caller has open: on a `pg` client, or on the session of `Database.transaction`. The events are
   * there, for all readers, from its commit on; with a rollback they never were. Until then they hold back what readers see of later events.
   *
   * ```ts
   * await client.query('BEGIN')
   * await client.query('INSERT INTO orders ...')
   * await store.within(client).append(order, [orderEvents.OrderPlaced({ ... })], { expectedVersion: 'no-stream' })
   * await client.query('COMMIT')
   * ```
   *
   * Nothing is repeated here, and nothing is migrated: call `migrate()`, or use the store, before. Transactions that append to several streams do it in the
   * order of their ids, or they may wait for each other until Postgres ends one.
   *
   * Its methods also throw:
   *
   * @throws {TransactionRacedError} another transaction got in the way: roll back and run all of it again.
   * @throws {TypeError} no transaction is open on the `pg` client.
   */
  within(client: TransactionClient | DatabaseSession): EventWriter

  /**
   * Imports events that have their ids and versions already, into an empty log or beside what is there: by COPY, in one commit per chunk.
   *
   * The events of a stream come in the order of their versions; in the log all stand in the order of the input. Appends and readers go on meanwhile,
   * and see what they would see of appends. `recordedAt` is the moment of the import, by the database's clock.
   *
   * Repeatable: an event whose id stands at its place in the log already is skipped. So an import that failed, or was killed, is run again with the
   * same input; what it had committed stays. Lost connections are outwaited. Memory holds two chunks, whatever the length of the input.
   *
   * @throws {ImportConflictError} another event stands at the place of an imported one.
   * @throws {ImportGapError} an event is ahead of its stream.
   * @throws {ImportInterruptedError} the database could not be written to for a minute.
   * @throws {UnknownEventTypeError | EventDataRefusedError | NotJsonError | InvalidEventError | InvalidStreamIdError | InvalidVersionError |
   * NewerSchemaVersionError} an event is unusable. As with the errors above, nothing of its chunk is written, and the chunks before it are: mend the
   * input and import it again.
   * @throws {MissingPackageError} `pg-copy-streams` is not installed.
   * @throws {TypeError} `chunkSize` is no whole number from 1.
   */
  import(
    events: Iterable<ImportedEvent> | AsyncIterable<ImportedEvent>,
    options?: ImportOptions,
  ): Promise<ImportProgress>

  /**
   * Brings the schema to the version of this code; makes it when it is missing. Safe when many processes do it at once; when there is nothing to do it only
   * reads. Stores that were refused for the old version work from then on.
   */
  migrate(options?: CallOptions): Promise<void>

  /** Tells how far readers can see, and which open transaction keeps them from seeing more. */
  status(options?: CallOptions): Promise<StoreStatus>
}

/**
 * Makes an event store on PostgreSQL 13 and later, or on PGlite. Its tables are made and migrated when it is first used, unless `migrations` is `'manual'`.
 *
 * ```ts
 * const store = postgresEventStore({ database: postgres(pool), catalogs: [accountEvents] })
 * ```
 *
 * Its methods also throw:
 *
 * @throws {SchemaVersionError} newer code has migrated the schema; with `migrations: 'manual'` also: nobody has.
 * @throws {UnsafeLogError} the server is a standby, or what the order of the log rests on was changed.
 * @throws {DatabaseUnavailableError | DatabaseError | DatabaseClosedError} as the database does.
 */
export function postgresEventStore(options: PostgresEventStoreOptions): PostgresEventStore {
  const { database, schema = 'everfold', migrations, ...storeOptions } = options
  const eventSchema = new EventSchema(database, schema, { migrations })
  const storage = new PostgresEventStorage(eventSchema)
  const encoder = new EventEncoder(byCategory(storeOptions.catalogs), newId)
  const importer = new EventImporter(eventSchema, encoder, {
    onWritten: () => database.notifications?.notify(schema),
  })
  return {
    ...createEventStore(storage, storeOptions),
    within: (client) => writerWithin(storage, client, storeOptions),
    import: (events, importOptions) => importer.import(events, importOptions),
    migrate: ({ signal } = {}) => unlessAborted(eventSchema.migrate(), signal),
    status: ({ signal } = {}) =>
      unlessAborted(
        eventSchema.ready().then(() => readStoreStatus(eventSchema)),
        signal,
      ),
  }
}
