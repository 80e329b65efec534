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
      readonly stall: { readonly message: string } | undefined
      /** Its owner did not write for longer than its lease. */
      readonly isSilent: boolean
    },
    options?: ErrorOptions,
  ) {
    const { position, reached, timeoutMs } = wait
    const runs = whoRuns(wait)
    super(
      `Read model '${readModel}' is at position ${reached ?? 'none'}, not at ${position}, after ${timeoutMs} ms. ${runs}`,
      options,
    )
    this.readModel = readModel
    this.position = position
    this.reached = reached
  }
}

function whoRuns(wait: {
  readonly owner: string | undefined
  readonly stall: { readonly message: string } | undefined
  readonly isSilent: boolean
}): string {
  const { owner, stall, isSilent } = wait
  if (stall !== undefined) return `It is stopped: ${stall.message}`
  if (owner === undefined) return 'No runner has claimed it: start one.'
  if (isSilent) return `Runner '${owner}' had it, and seems to be gone: start one.`
  return `Runner '${owner}' has it: look at its status().`
}
