import { EverfoldError } from '../../../errors.ts'

/** A build was made with other columns than this code declares. */
export class BuildColumnsError extends EverfoldError {
  readonly code = 'BUILD_COLUMNS'
  readonly retryable = false
  readonly readModel: string
  /** Number of the build. */
  readonly build: number
  /** The columns of the build. */
  readonly found: string
  /** The columns that this code declares. */
  readonly declared: string

  constructor(
    readModel: string,
    columns: { readonly build: number; readonly found: string; readonly declared: string },
    options?: ErrorOptions,
  ) {
    const { build, found, declared } = columns
    super(
      `Build ${build} of read model '${readModel}' has the columns ${found}; this code declares ${declared}. Raise the projection's version and let its runner make the new build.`,
      options,
    )
    this.readModel = readModel
    this.build = build
    this.found = found
    this.declared = declared
  }
}
