import { EverfoldError } from '../errors.ts'

/** An event cannot be stored as given: its id is no UUID, or `occurredAt` no date. Nothing was written. */
export class InvalidEventError extends EverfoldError {
  readonly code = 'INVALID_EVENT'
  readonly retryable = false
  readonly type: string

  constructor(type: string, problem: string, options?: ErrorOptions) {
    super(`Event '${type}' cannot be stored: ${problem}.`, options)
    this.type = type
  }
}
