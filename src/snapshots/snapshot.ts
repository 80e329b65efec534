import type { GlobalPosition } from '../event-store/global-position.ts'
import type { StreamId } from '../event-store/stream-id.ts'

/** The state of an aggregate after one of its events, kept so that a load need not fold those up to it. */
export interface Snapshot {
  readonly streamId: StreamId
  /** Version of the last event that it folded, from 1. */
  readonly version: number
  /** Position of that event. */
  readonly position: GlobalPosition
  /** Id of that event: shows when the stream is another one than the snapshot was made of. */
  readonly eventId: string
  /** JSON text. */
  readonly state: string
  /** Of the code that folded it: other code ignores it. */
  readonly fingerprint: string
  /** The greatest `recordedAt` that it folded, in milliseconds since 1970. */
  readonly recordedAtMs: number
  /** The greatest `occurredAt` that it folded, in milliseconds since 1970. */
  readonly occurredAtMs: number
}
