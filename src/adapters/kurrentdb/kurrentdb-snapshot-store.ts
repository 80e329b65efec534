/**
 * Snapshots on KurrentDB and EventStoreDB, over a client of either package.
 *
 * Those of a stream are events of a stream beside it, `-snapshots-<stream id>`, which the server cuts by its `$maxCount`. No category is named so: they show in no
 * reading of the log, and no projection meets them.
 */
import type { SnapshotStore } from '../../snapshots/snapshot-store.ts'
import { checkClient } from './client/check-client.ts'
import type { KurrentClient } from './client/kurrent-client.ts'
import { KurrentReader } from './reading/kurrent-reader.ts'
import { SnapshotShelf } from './snapshots/snapshot-shelf.ts'

export interface KurrentdbSnapshotStoreOptions {
  /** As the event store's; the same one fits. Whoever made it disposes of it. */
  readonly client: KurrentClient
  /** How long the server may say nothing to a call, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number | undefined
}

/**
 * Makes a snapshot store on KurrentDB or EventStoreDB.
 *
 * ```ts
 * const repository = new Repository({ store, snapshots: kurrentdbSnapshotStore({ client }) })
 * ```
 *
 * Its methods throw what those of `kurrentdbEventStore` do; a repository reports it, and folds all events. A state has to fit into one append: 1 MiB on servers up
 * to 25.0, 16 MiB on later ones.
 *
 * @throws {BothClientsLoadedError} both client packages are loaded in this process.
 * @throws {TypeError} `client` is none, or hides conflicts.
 */
export function kurrentdbSnapshotStore(options: KurrentdbSnapshotStoreOptions): SnapshotStore {
  const { client, timeoutMs = 10_000 } = options
  checkClient(client)
  const reader = new KurrentReader(client, timeoutMs)
  return {
    find: (streamId, bounds) => new SnapshotShelf(reader, streamId).find(bounds),
    save: (snapshot, { keep }) => new SnapshotShelf(reader, snapshot.streamId).save(snapshot, keep),
    delete: (streamId, version) => new SnapshotShelf(reader, streamId).delete(version),
  }
}
