import { EverfoldError } from '../../../errors.ts'

/** `apply` of an SQL projection took longer than its runner's lease allows. What it had written was undone, and is tried again, with fewer events at a time. */
export class SqlProjectionTimeoutError extends EverfoldError {
  readonly code = 'SQL_PROJECTION_TIMEOUT'
  readonly retryable = true
  readonly projection: string
  readonly timeoutMs: number

  constructor(
    projection: string,
    at: { readonly events: number; readonly timeoutMs: number },
    options?: ErrorOptions,
  ) {
    const { events, timeoutMs } = at
    super(
      `SQL projection '${projection}' did not apply ${events} event(s) within ${timeoutMs} ms, a part of the runner's lease. Nothing of them was written; they are tried again. Make apply faster, see what it waits for, lower pageSize, or raise leaseMs.`,
      options,
    )
    this.projection = projection
    this.timeoutMs = timeoutMs
  }
}
