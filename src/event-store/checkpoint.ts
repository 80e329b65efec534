import type { GlobalPosition } from './global-position.ts'

/** A place in the log and the event found there: shows when the log was set back to an older state. */
export interface Checkpoint {
  readonly position: GlobalPosition
  /** Id of the event at `position`. */
  readonly eventId: string
}
