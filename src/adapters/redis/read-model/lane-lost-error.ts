import { EverfoldError } from '../../../errors.ts'

/** The record of a lane is gone, and its documents are there: nothing tells which events they contain. */
export class LaneLostError extends EverfoldError {
  readonly code = 'LANE_LOST'
  readonly retryable = false
  readonly readModel: string
  /** Name of the key that is missing. */
  readonly lane: string

  constructor(readModel: string, lane: string) {
    super(
      `Read model '${readModel}' has documents, and the record of their lane, '${lane}', is missing: somebody deleted it, or Redis evicted it. Restore Redis from a backup, or delete all keys that begin with '${readModel}:' or '{${readModel}:' and start the runner, which builds them anew.`,
    )
    this.readModel = readModel
    this.lane = lane
  }
}
