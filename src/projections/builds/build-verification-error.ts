import { EverfoldError } from '../../errors.ts'
import type { Difference } from './build-verification.ts'

/** A new build does not equal a fresh fold of the log. It was not switched to; readers see the build from before. */
export class BuildVerificationError extends EverfoldError {
  readonly code = 'BUILD_VERIFICATION'
  readonly retryable = false
  readonly readModel: string
  /** Up to ten of the documents that differ. */
  readonly differences: readonly Difference[]

  constructor(
    readModel: string,
    found: { readonly build: number; readonly differences: readonly Difference[] },
    options?: ErrorOptions,
  ) {
    const keys = found.differences.map(({ key }) => `'${key}'`).join(', ')
    super(
      `Build ${found.build} of read model '${readModel}' differs from a fresh fold of the log, e.g. at ${keys}. Readers keep the build from before. Check that its rows are pure and that nobody else writes it, then rebuild again.`,
      options,
    )
    this.readModel = readModel
    this.differences = found.differences
  }
}
