import { EverfoldError } from '../../../errors.ts'

/** The user that the client connects as may not do this. Nothing was written. */
export class AccessDeniedError extends EverfoldError {
  readonly code = 'ACCESS_DENIED'
  readonly retryable = false
  /** What was asked for: a stream, or `'$all'`. */
  readonly subject: string

  constructor(subject: string, options?: ErrorOptions) {
    super(
      subject === '$all'
        ? `The user may not read $all, the whole log. Connect as a member of $admins, or give the user the right to it, e.g. with the stream access list of $all.`
        : `The user may not do this with stream '${subject}'. Connect as a user whose access list covers it; over an insecure connection the client sends no user at all.`,
      options,
    )
    this.subject = subject
  }
}
