import { EverfoldError } from '../../../errors.ts'

/** A build was made with other sorted sets and sets than this code declares. */
export class BuildIndexesError extends EverfoldError {
  readonly code = 'BUILD_INDEXES'
  readonly retryable = false
  readonly readModel: string
  /** Number of the build. */
  readonly build: number

  constructor(
    readModel: string,
    of: { readonly build: number; readonly found: string; readonly declared: string },
  ) {
    const { build, found, declared } = of
    super(
      `Build ${build} of read model '${readModel}' keeps ${found}; this code declares ${declared}. Raise the version of the projection: the next build will have them.`,
    )
    this.readModel = readModel
    this.build = build
  }
}
