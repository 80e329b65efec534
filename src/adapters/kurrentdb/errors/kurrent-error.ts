import { EverfoldError } from '../../../errors.ts'

/** The KurrentDB server refused a call for a reason that trying again does not change. */
export class KurrentError extends EverfoldError {
  readonly code = 'KURRENT_ERROR'
  readonly retryable = false
  /** How the client names the kind of error, e.g. `'invalid-argument'`; undefined: it does not. */
  readonly type: string | undefined

  constructor(message: string, options: { readonly cause?: Error; readonly type?: string } = {}) {
    const { cause, type } = options
    super(message, cause && { cause })
    this.type = type
  }
}
