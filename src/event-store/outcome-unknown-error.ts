import { EverfoldError } from '../errors.ts'
import type { StreamId } from './stream-id.ts'

/** The connection was lost while an append was under way: it was written whole or not at all, and nothing can tell which. */
export class OutcomeUnknownError extends EverfoldError {
  readonly code = 'OUTCOME_UNKNOWN'
  readonly retryable = false
  readonly streamIds: readonly StreamId[]

  constructor(streamIds: readonly StreamId[], options?: ErrorOptions) {
    super(
      `Whether the append to ${streamIds.map((id) => `'${id}'`).join(', ')} was written is unknown: its reply was lost. Read the stream to find out, or append with a version or 'no-stream' as expectedVersion, which is repeated safely.`,
      options,
    )
    this.streamIds = streamIds
  }
}
