import { randomUUID } from 'node:crypto'
import type { GlobalPosition } from '../../../event-store/global-position.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'
import type { Snapshot } from '../../../snapshots/snapshot.ts'
import type { KurrentEventData, KurrentRecordedEvent } from '../client/kurrent-client.ts'

/** The snapshots that are kept, as the last record of their stream tells them: they are its last records, in the order of their versions. */
export interface Kept {
  /** Of the snapshots, rising. */
  readonly versions: readonly number[]
  /** The `$maxCount` that the stream has for certain; undefined: none. */
  readonly bound: number | undefined
}

/** A record of the stream. */
export interface SnapshotRecord extends Kept {
  /** From 0. */
  readonly revision: bigint
  /** Undefined: the record only says that none is left. */
  readonly snapshot: Snapshot | undefined
}

const SNAPSHOT = 'Snapshot'
const NONE_LEFT = 'NoSnapshotsLeft'

/** @param snapshot undefined: none is left. */
export function recordData(
  snapshot: Snapshot | undefined,
  { versions, bound }: Kept,
): KurrentEventData {
  return {
    id: randomUUID(),
    contentType: 'application/json',
    type: snapshot === undefined ? NONE_LEFT : SNAPSHOT,
    data: snapshot === undefined ? {} : { ...snapshot, position: String(snapshot.position) },
    metadata: { versions: [...versions], ...(bound !== undefined && { bound }) },
  }
}

/** Undefined: nothing that `recordData` made. */
export function recordOf(
  streamId: StreamId,
  { type, revision, data, metadata }: KurrentRecordedEvent,
): SnapshotRecord | undefined {
  const { versions, bound } = (metadata ?? {}) as Partial<Kept>
  if (!Array.isArray(versions)) return undefined
  const kept = { versions: versions as readonly number[], bound, revision }
  if (type === NONE_LEFT) return { ...kept, snapshot: undefined }
  if (type !== SNAPSHOT) return undefined
  const stored = data as Omit<Snapshot, 'position' | 'streamId'> & { readonly position: string }
  const position = BigInt(stored.position) as GlobalPosition
  return { ...kept, snapshot: { ...stored, streamId, position } }
}
