/**
 * Everfold's event store and snapshots on KurrentDB and EventStoreDB.
 *
 * @module
 */
export type { KurrentClient } from './client/kurrent-client.ts'
export { AccessDeniedError } from './errors/access-denied-error.ts'
export { AppendTooLargeError } from './errors/append-too-large-error.ts'
export { BothClientsLoadedError } from './errors/both-clients-loaded-error.ts'
export { KurrentError } from './errors/kurrent-error.ts'
export { KurrentUnavailableError } from './errors/kurrent-unavailable-error.ts'
export { ServerTooOldError } from './errors/server-too-old-error.ts'
export { StreamTombstonedError } from './errors/stream-tombstoned-error.ts'
export { kurrentdbEventStore, type KurrentdbEventStoreOptions } from './kurrentdb-event-store.ts'
export type { KurrentdbStorageOptions } from './kurrentdb-event-storage.ts'
export {
  kurrentdbSnapshotStore,
  type KurrentdbSnapshotStoreOptions,
} from './kurrentdb-snapshot-store.ts'
