import { Repository, type EventStore, type SnapshotStore } from '../../src/index.ts'
import type { account } from '../workload/account.ts'

/** Keeps a snapshot of account 0 at a version, as a repository takes it: by one that sees the stream end there. */
export async function keepSnapshotAt(
  version: number,
  {
    store,
    snapshots,
    aggregate,
  }: {
    readonly store: EventStore
    readonly snapshots: SnapshotStore
    readonly aggregate: typeof account
  },
): Promise<void> {
  const ended: EventStore = {
    ...store,
    readStream: (id, options) => store.readStream(id, { ...options, toVersion: version }),
  }
  // A snapshot of other code is there: so a load takes one, too.
  const useless: SnapshotStore = {
    find: async (streamId) => ({
      ...{ streamId, version: 1, position: 1n as never, eventId: '', state: '{}' },
      ...{ fingerprint: 'other', recordedAtMs: 0, occurredAtMs: 0 },
    }),
    save: (snapshot, options) => snapshots.save(snapshot, options),
    delete: (streamId, at) => snapshots.delete(streamId, at),
  }
  const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }
  const repository = new Repository({
    ...{ store: ended, snapshots: useless, logger },
    snapshotPolicy: () => true,
  })
  await repository.load(aggregate, '0')
  await repository.idle()
  if (repository.snapshotCounts.taken !== 1) throw new Error('No snapshot was taken.')
}

const ignore = (): void => undefined
