import { EverfoldError } from '../../errors.ts'

/** Another runner makes a build of the same read model, or one of a higher version is being made. Readers keep what they see. */
export class RebuildConflictError extends EverfoldError {
  readonly code = 'REBUILD_CONFLICT'
  readonly retryable = false
  readonly readModel: string
  /** Number of that build. */
  readonly build: number

  constructor(readModel: string, build: number, options?: ErrorOptions) {
    super(
      `Build ${build} of read model '${readModel}' is being made by another runner, or is of a higher version. Run one rebuild at a time.`,
      options,
    )
    this.readModel = readModel
    this.build = build
  }
}
