import { EverfoldError } from '../../../errors.ts'

/** The server lacks what a call needs. */
export class ServerTooOldError extends EverfoldError {
  readonly code = 'SERVER_TOO_OLD'
  readonly retryable = false
  readonly feature: string
  /** First version of the server that has it, e.g. `'22.6'`. */
  readonly minimumVersion: string

  constructor(feature: string, minimumVersion: string, options?: ErrorOptions) {
    super(
      `The server does not have this: ${feature}. It needs version ${minimumVersion} or later: upgrade the server.`,
      options,
    )
    this.feature = feature
    this.minimumVersion = minimumVersion
  }
}
