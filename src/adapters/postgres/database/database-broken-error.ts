import { EverfoldError } from '../../../errors.ts'

/** The embedded database broke down within this process, e.g. for want of memory, and answers no more. Its folder keeps what was acknowledged. */
export class DatabaseBrokenError extends EverfoldError {
  readonly code = 'DATABASE_BROKEN'
  readonly retryable = false
  /** `'not-run'`: it had broken down before, and nothing of the statement stays. `'unknown'`: it broke down meanwhile; the statement may have run whole. */
  readonly outcome: 'not-run' | 'unknown'

  constructor(outcome: 'not-run' | 'unknown', options: { readonly cause: Error }) {
    const { message } = options.cause
    super(
      `The embedded database broke down: ${message}. ${outcome === 'not-run' ? 'The statement was not run.' : 'Whether the statement ran is unknown.'} Close the database and open it again, or restart the process.`,
      options,
    )
    this.outcome = outcome
  }
}
