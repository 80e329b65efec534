import { EverfoldError } from '../../../errors.ts'

/** The database was used after its owner closed it. */
export class DatabaseClosedError extends EverfoldError {
  readonly code = 'DATABASE_CLOSED'
  readonly retryable = false

  constructor(what: string, options?: ErrorOptions) {
    super(`${what} is closed. Stop what uses it (runner.stop()) before you close it.`, options)
  }
}
