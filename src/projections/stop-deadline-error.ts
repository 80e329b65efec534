import { EverfoldError } from '../errors.ts'

/** A runner did not finish the pages in hand within its deadline. What it still writes is whole pages, or nothing once its lanes are claimed again. */
export class StopDeadlineError extends EverfoldError {
  readonly code = 'STOP_DEADLINE'
  readonly retryable = true
  /** Names of the projections that still run. */
  readonly projections: readonly string[]

  constructor(projections: readonly string[], deadlineMs: number, options?: ErrorOptions) {
    super(
      `${projections.join(', ')} did not stop within ${deadlineMs} ms. Nothing is lost: a page is written whole or not at all. Stop again with a longer deadlineMs, or end the process.`,
      options,
    )
    this.projections = projections
  }
}
