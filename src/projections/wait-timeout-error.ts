import { EverfoldError } from '../errors.ts'
import type { GlobalPosition } from '../event-store/global-position.ts'

/** A read model did not reach a position in time. */
export class WaitTimeoutError extends EverfoldError {
  readonly code = 'WAIT_TIMEOUT'
  readonly retryable = true
  readonly readModel: string
  readonly position: GlobalPosition
  /** How far it is; undefined: not begun. */
  readonly reached: GlobalPosition | undefined

  constructor(
    readModel: string,
    wait: {
      readonly position: GlobalPosition
      readonly reached: GlobalPosition | undefined
      readonly timeoutMs: number
      readonly owner: string | undefined
    },
    options?: ErrorOptions,
  ) {
    const { position, reached, timeoutMs, owner } = wait
    const runs =
      owner === undefined
        ? 'No runner has claimed it: start one.'
        : `Runner '${owner}' has it: look at its status().`
    super(
      `Read model '${readModel}' is at position ${reached ?? 'none'}, not at ${position}, after ${timeoutMs} ms. ${runs}`,
      options,
    )
    this.readModel = readModel
    this.position = position
    this.reached = reached
  }
}
