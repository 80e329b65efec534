import { EverfoldError } from '../../../errors.ts'

/** The database is set up so that the log would lose its order, or its streams their versions. Nothing was read or written. */
export class UnsafeLogError extends EverfoldError {
  readonly code = 'UNSAFE_LOG'
  readonly retryable = false

  constructor(problem: string, remedy: string, options?: ErrorOptions) {
    super(`${problem} ${remedy}`, options)
  }
}
