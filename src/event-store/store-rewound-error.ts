import { EverfoldError } from '../errors.ts'
import type { Checkpoint } from './checkpoint.ts'

/** The log does not hold the event of a checkpoint: it was set back to an older state (restore, failover), or is another log. */
export class StoreRewoundError extends EverfoldError {
  readonly code = 'STORE_REWOUND'
  readonly retryable = false
  /** The checkpoint that the log does not contain. */
  readonly checkpoint: Checkpoint
  /** Where the log ends now; undefined: it is empty. */
  readonly head: Checkpoint | undefined

  constructor(checkpoint: Checkpoint, head: Checkpoint | undefined, options?: ErrorOptions) {
    super(
      `The log does not contain event '${checkpoint.eventId}' at position ${checkpoint.position}; it ends at ${head === undefined ? 'its beginning' : `position ${head.position}`}. It was set back to an older state, or is another log. Rebuild what was read from it: runner.rebuild(name).`,
      options,
    )
    this.checkpoint = checkpoint
    this.head = head
  }
}
