import type { GlobalPosition } from '../../event-store/global-position.ts'
import type { StoredEvent } from '../../event-store/stored-event.ts'
import type { StreamId } from '../../event-store/stream-id.ts'
import type { Row } from './database.ts'
import { millisecondsOf } from './timestamp.ts'

/** Reads a row of the columns version, position, id, type, schema_version, data, metadata, occurred_at, recorded_at, which hold no null. */
export function storedEvent(streamId: StreamId, row: Row): StoredEvent {
  const [version, position, id, type, schemaVersion, data, metadata, occurredAt, recordedAt] =
    row as StoredRow
  return {
    streamId,
    version: Number(version),
    position: positionOf(position),
    id,
    type,
    schemaVersion: Number(schemaVersion),
    data,
    metadata,
    occurredAtMs: millisecondsOf(occurredAt),
    recordedAtMs: millisecondsOf(recordedAt),
  }
}

/** A position that the database gave: it need not be checked. */
export function positionOf(text: string): GlobalPosition {
  return BigInt(text) as GlobalPosition
}

type StoredRow = readonly [
  version: string,
  position: string,
  id: string,
  type: string,
  schemaVersion: string,
  data: string,
  metadata: string,
  occurredAt: string,
  recordedAt: string,
]
