import { EverfoldError } from '../../errors.ts'
import type { LaneStall } from '../read-model-storage.ts'

/** A lane was stopped by an error that another runner met. What was committed before it stays. */
export class LaneStalledError extends EverfoldError {
  readonly code = 'LANE_STALLED'
  readonly retryable = false
  readonly projection: string
  readonly readModel: string
  /** Number of the lane, from 0. */
  readonly lane: number

  constructor(
    stalled: { readonly projection: string; readonly readModel: string; readonly lane: number },
    stall: LaneStall,
    options?: ErrorOptions,
  ) {
    const { projection, readModel, lane } = stalled
    super(
      `Lane ${lane} of projection '${projection}' into '${readModel}' is stopped: ${stall.message} Correct that, and start a runner or call resume('${projection}').`,
      options,
    )
    this.projection = projection
    this.readModel = readModel
    this.lane = lane
  }
}
