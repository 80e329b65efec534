import { EverfoldError } from '../errors.ts'

/** Another runner claimed the lane; this one wrote nothing since. */
export class LaneTakenError extends EverfoldError {
  readonly code = 'LANE_TAKEN'
  readonly retryable = false
  readonly projection: string
  readonly readModel: string
  /** The runner that has the lane now; undefined: it has released it since. */
  readonly owner: string | undefined

  constructor(
    lane: {
      readonly projection: string
      readonly readModel: string
      readonly owner: string | undefined
    },
    options?: ErrorOptions,
  ) {
    const { projection, readModel, owner } = lane
    super(
      `Projection '${projection}' into '${readModel}' was taken over by runner ${owner === undefined ? 'that has stopped since, or by a newer build' : `'${owner}'`}. Run one runner per read model, and start this one again when the other has stopped.`,
      options,
    )
    this.projection = projection
    this.readModel = readModel
    this.owner = owner
  }
}
