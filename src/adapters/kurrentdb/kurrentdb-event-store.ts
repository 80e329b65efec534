import { createEventStore, type EventStoreOptions } from '../../event-store/create-event-store.ts'
import type { EventStore } from '../../event-store/event-store.ts'
import { KurrentdbEventStorage, type KurrentdbStorageOptions } from './kurrentdb-event-storage.ts'

export interface KurrentdbEventStoreOptions extends EventStoreOptions, KurrentdbStorageOptions {}

/**
 * Makes an event store on KurrentDB or EventStoreDB, 22.6 and later, over a client of either package.
 *
 * ```ts
 * const client = EventStoreDBClient.connectionString('esdb://localhost:2113?tls=false')
 * const store = kurrentdbEventStore({ client, catalogs: [accountEvents] })
 * ```
 *
 * It keeps the promises of `EventStore` with these differences: several streams are appended to at once by `@kurrent/kurrentdb-client` alone, on servers from 25.1 on, and from 26.1 on
 * when one of them gets no events; a command id is looked for among a stream's last events only (`commandLookBack`); and a repeated append under `'any'` or
 * `'stream-exists'` may be answered with the first result, while the server still has its ids in memory. Reading the log and following it need a user with the right to `$all`.
 *
 * Its methods also throw:
 *
 * @throws {KurrentUnavailableError} the server cannot be reached.
 * @throws {AccessDeniedError} the client's user may not do this.
 * @throws {StreamTombstonedError} the stream is gone for ever.
 * @throws {AppendTooLargeError} the events are larger than the server takes at once.
 * @throws {ServerTooOldError | KurrentError} the server lacks what is needed, or refused the call.
 *
 * @throws {BothClientsLoadedError} both client packages are loaded in this process.
 * @throws {TypeError} `client` is none, or hides conflicts; two catalogs declare one category.
 */
export function kurrentdbEventStore(options: KurrentdbEventStoreOptions): EventStore {
  const { client, timeoutMs, commandLookBack, receipts, ...storeOptions } = options
  const storage = new KurrentdbEventStorage({ client, timeoutMs, commandLookBack, receipts })
  return createEventStore(storage, storeOptions)
}
