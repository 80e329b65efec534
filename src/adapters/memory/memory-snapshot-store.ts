import type { StreamId } from '../../event-store/stream-id.ts'
import type { SnapshotStore } from '../../snapshots/snapshot-store.ts'
import type { Snapshot } from '../../snapshots/snapshot.ts'

/** Makes a snapshot store in the memory of this process, for tests and trials: gone when the process ends. */
export function memorySnapshotStore(): SnapshotStore {
  /** Of each stream, the newest first. */
  const kept = new Map<StreamId, readonly Snapshot[]>()
  return {
    find: async (streamId, { fingerprint, maxVersion, maxRecordedAtMs, maxOccurredAtMs }) => {
      const usable = (kept.get(streamId) ?? []).filter(
        ({ version, recordedAtMs, occurredAtMs }) =>
          version <= (maxVersion ?? Infinity) &&
          recordedAtMs <= (maxRecordedAtMs ?? Infinity) &&
          occurredAtMs <= (maxOccurredAtMs ?? Infinity),
      )
      return usable.find((snapshot) => snapshot.fingerprint === fingerprint) ?? usable[0]
    },
    save: async (snapshot, { keep }) => {
      const { streamId, version } = snapshot
      const others = (kept.get(streamId) ?? []).filter((each) => each.version !== version)
      const all = [...others, snapshot].toSorted((one, other) => other.version - one.version)
      kept.set(streamId, all.slice(0, keep))
    },
    delete: async (streamId, version) => {
      const rest = (kept.get(streamId) ?? []).filter(
        (each) => version !== undefined && each.version !== version,
      )
      kept.set(streamId, rest)
    },
  }
}
