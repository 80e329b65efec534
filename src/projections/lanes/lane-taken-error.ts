import { EverfoldError } from '../../errors.ts'

/** Another runner claimed a lane; this one wrote nothing since. */
export class LaneTakenError extends EverfoldError {
  readonly code = 'LANE_TAKEN'
  readonly retryable = false
  readonly projection: string
  readonly readModel: string
  /** Number of the lane, from 0. */
  readonly lane: number
  /** The runner that has the lane now; undefined: it has released it since. */
  readonly owner: string | undefined

  constructor(
    taken: {
      readonly projection: string
      readonly readModel: string
      readonly lane: number
      readonly owner: string | undefined
    },
    options?: ErrorOptions,
  ) {
    const { projection, readModel, lane, owner } = taken
    super(
      `Lane ${lane} of projection '${projection}' into '${readModel}' was taken over by ${owner === undefined ? 'a runner that has released it since' : `runner '${owner}'`}. Nothing was written since; runners share the lanes among them by themselves.`,
      options,
    )
    this.projection = projection
    this.readModel = readModel
    this.lane = lane
    this.owner = owner
  }
}
