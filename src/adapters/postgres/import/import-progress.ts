import type { GlobalPosition } from '../../../event-store/global-position.ts'

/** How far an import has come, as of its last committed chunk. */
export interface ImportProgress {
  /** Events of the input that are in the log: `written + skipped`. */
  readonly read: number
  /** Events that this import wrote. */
  readonly written: number
  /** Events that were in the log before. */
  readonly skipped: number
  /** The greatest position of the events read. Whoever has read the log up to it has seen all of them. Undefined: there was none. */
  readonly position: GlobalPosition | undefined
}
