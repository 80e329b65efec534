import type { StreamId } from '../event-store/stream-id.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * The port that an adapter implements: keeps a few snapshots of each stream. They are shortcuts: one that is lost costs time, so no promise of the event store
 * rests on them. What they hold is `Repository`'s.
 */
export interface SnapshotStore {
  /**
   * Finds the newest snapshot within all bounds that has the fingerprint; when there is none, the newest within the bounds with another one, so that its reader can
   * tell that it is of no use.
   */
  find(streamId: StreamId, bounds: SnapshotBounds): Promise<Snapshot | undefined>

  /**
   * Keeps a snapshot beside those of other versions of its stream; replaces the one of its version. Of more than `keep` those of the lowest versions go, be it this one: so
   * an older snapshot that comes late never takes the place of a newer one. Atomic.
   */
  save(snapshot: Snapshot, options: { readonly keep: number }): Promise<void>

  /** Removes the snapshot of one version, or all of a stream. Absent ones are no error. */
  delete(streamId: StreamId, version?: number): Promise<void>
}

/** Which snapshots can be used. Bounds are inclusive. */
export interface SnapshotBounds {
  readonly fingerprint: string
  readonly maxVersion?: number | undefined
  /** In milliseconds since 1970, as the one below it. */
  readonly maxRecordedAtMs?: number | undefined
  readonly maxOccurredAtMs?: number | undefined
}
