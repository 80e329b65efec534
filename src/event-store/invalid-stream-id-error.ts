import { EverfoldError } from '../errors.ts'

/** A text that was to name a stream does not: see `reason`. Nothing was read or written. */
export class InvalidStreamIdError extends EverfoldError {
  readonly code = 'INVALID_STREAM_ID'
  readonly retryable = false
  readonly streamId: string
  readonly reason: string

  constructor(streamId: string, reason: string, options?: ErrorOptions) {
    const given: unknown = streamId // at run time it can be anything
    const text = String(given)
    const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text
    super(
      `'${shown}' names no stream: ${reason}. Use streamId(category, id), which gives e.g. 'account-42'.`,
      options,
    )
    this.streamId = streamId
    this.reason = reason
  }
}
