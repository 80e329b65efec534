import { EverfoldError } from '../errors.ts'
import type { StreamId } from './stream-id.ts'

/** Other transactions were in the way until the deadline: they appended to the same streams, again and again, or stay open. Nothing was written. */
export class AppendRacedError extends EverfoldError {
  readonly code = 'APPEND_RACED'
  readonly retryable = true
  readonly streamIds: readonly StreamId[]

  constructor(streamIds: readonly StreamId[], deadlineMs: number, options?: ErrorOptions) {
    super(
      `Other transactions that append to ${streamIds.map((id) => `'${id}'`).join(', ')} were in the way for ${deadlineMs} ms. Nothing was written: try again, with fewer writers to one stream, or when no transaction stays open on it.`,
      options,
    )
    this.streamIds = streamIds
  }
}
