import { EverfoldError } from '../../../errors.ts'

/** The database could not be reached, or was lost before it replied. */
export class DatabaseUnavailableError extends EverfoldError {
  readonly code = 'DATABASE_UNAVAILABLE'
  readonly retryable = true
  /** `'not-run'`: nothing of the statement, or of the transaction it was part of, stays. `'unknown'`: it may have run whole. Read before you write again. */
  readonly outcome: 'not-run' | 'unknown'

  constructor(outcome: 'not-run' | 'unknown', options: { readonly cause: Error }) {
    const { message } = options.cause
    super(
      outcome === 'not-run'
        ? `The database cannot be reached: ${message}. Nothing was written; try again.`
        : `The database was lost before it replied: ${message}. Whether the statement ran is unknown; a read can be repeated, and before a write is, look.`,
      options,
    )
    this.outcome = outcome
  }
}
