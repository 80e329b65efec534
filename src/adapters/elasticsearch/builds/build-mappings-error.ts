import { EverfoldError } from '../../../errors.ts'

/** The mappings in the code are not those of the index that it is to fill. */
export class BuildMappingsError extends EverfoldError {
  readonly code = 'BUILD_MAPPINGS'
  readonly retryable = false
  /** Number of the build. */
  readonly build: number

  constructor(readModel: string, build: number) {
    super(
      `The mappings of read model '${readModel}' are not those that build ${build} was made with. Raise the version of the projection: a new build is made beside it.`,
    )
    this.build = build
  }
}
