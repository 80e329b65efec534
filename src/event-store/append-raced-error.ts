import { EverfoldError } from '../errors.ts'
import type { StreamId } from './stream-id.ts'

/** Other writers appended to the same streams in between, again and again, until the deadline. Nothing was written. */
export class AppendRacedError extends EverfoldError {
  readonly code = 'APPEND_RACED'
  readonly retryable = true
  readonly streamIds: readonly StreamId[]

  constructor(streamIds: readonly StreamId[], deadlineMs: number, options?: ErrorOptions) {
    super(
      `Other writers kept appending to ${streamIds.map((id) => `'${id}'`).join(', ')} for ${deadlineMs} ms. Nothing was written: try again, or with fewer writers to one stream.`,
      options,
    )
    this.streamIds = streamIds
  }
}
