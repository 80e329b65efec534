import { EverfoldError } from '../errors.ts'

/** Another runner rebuilt the same read model meanwhile. Readers see what that one made, or the build from before. */
export class RebuildConflictError extends EverfoldError {
  readonly code = 'REBUILD_CONFLICT'
  readonly retryable = false
  readonly readModel: string
  /** Number of the build that was given up. */
  readonly build: number

  constructor(readModel: string, build: number, options?: ErrorOptions) {
    super(
      `Build ${build} of read model '${readModel}' was replaced by another runner's rebuild. Run one rebuild at a time.`,
      options,
    )
    this.readModel = readModel
    this.build = build
  }
}
