import { EverfoldError } from '../../errors.ts'

/** A build was used that was never prepared, or was dropped since. */
export class BuildNotPreparedError extends EverfoldError {
  readonly code = 'BUILD_NOT_PREPARED'
  readonly retryable = false
  readonly readModel: string
  /** Number of the build. */
  readonly build: number

  constructor(readModel: string, build: number, options?: ErrorOptions) {
    super(
      `Build ${build} of read model '${readModel}' does not exist: it was never prepared, or was dropped. Start the runner that fills the read model; it makes what is missing.`,
      options,
    )
    this.readModel = readModel
    this.build = build
  }
}
