import { EverfoldError } from '../errors.ts'

/** A projection was to be caught up, and is paused. Nothing was folded. */
export class ProjectionPausedError extends EverfoldError {
  readonly code = 'PROJECTION_PAUSED'
  readonly retryable = false
  readonly projection: string
  readonly readModel: string

  constructor(
    { projection, readModel }: { readonly projection: string; readonly readModel: string },
    options?: ErrorOptions,
  ) {
    super(
      `Projection '${projection}' into '${readModel}' is paused. Call resume('${projection}'), then catch up.`,
      options,
    )
    this.projection = projection
    this.readModel = readModel
  }
}
