import type { GlobalPosition } from '../event-store/global-position.ts'
import type { StreamId } from '../event-store/stream-id.ts'

/** A state, and what was folded into it. */
export interface FoldedState<State> {
  readonly streamId: StreamId
  readonly state: State
  /** Version of the last event folded; 0 = none. */
  readonly version: number
  /** Position of that event. */
  readonly position: GlobalPosition | undefined
  /** Id of that event. */
  readonly eventId: string | undefined
  /** The greatest of all events folded. */
  readonly recordedAtMs: number
  /** The greatest of all events folded. */
  readonly occurredAtMs: number
  /** Version of the snapshot that the fold began with; 0 = none. */
  readonly snapshotVersion: number
}
