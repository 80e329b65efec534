import { EverfoldError } from '../../../errors.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'

/** Inside a caller's transaction, another one got in the way of an append: it took the version, or each waited for the other. */
export class TransactionRacedError extends EverfoldError {
  readonly code = 'TRANSACTION_RACED'
  readonly retryable = true
  readonly streamIds: readonly StreamId[]

  constructor(streamIds: readonly StreamId[], options: { readonly cause: Error }) {
    super(
      `Another transaction got in the way of the append to ${streamIds.map((id) => `'${id}'`).join(', ')}: ${options.cause.message}. This transaction can only be rolled back: run all of it again.`,
      options,
    )
    this.streamIds = streamIds
  }
}
