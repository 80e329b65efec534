import { EverfoldError } from '../../../errors.ts'
import type { ImportProgress } from './import-progress.ts'

/** The database could not be written to for so long that an import gave up. The chunks before stay; the same import, run again, skips them. */
export class ImportInterruptedError extends EverfoldError {
  readonly code = 'IMPORT_INTERRUPTED'
  readonly retryable = true
  /** What is known to be in the log. The chunk after it may be there as well. */
  readonly progress: ImportProgress

  constructor(progress: ImportProgress, waited: { readonly ms: number; readonly cause: Error }) {
    const { ms, cause } = waited
    super(
      `The import made no progress for ${ms} ms, after ${progress.read} events: ${cause.message} Run the same import again when the database answers: what was written is skipped.`,
      { cause },
    )
    this.progress = progress
  }
}
