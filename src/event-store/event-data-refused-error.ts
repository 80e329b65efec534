import { EverfoldError } from '../errors.ts'
import type { StreamId } from './stream-id.ts'

/** The validator of an event type refused the data of an event. Nothing was written. */
export class EventDataRefusedError extends EverfoldError {
  readonly code = 'EVENT_DATA_REFUSED'
  readonly retryable = false
  readonly streamId: StreamId
  readonly type: string
  /** What the validator said, one entry each. */
  readonly issues: readonly string[]

  constructor(
    streamId: StreamId,
    refused: { readonly type: string; readonly issues: readonly string[] },
    options?: ErrorOptions,
  ) {
    const { type, issues } = refused
    super(
      `The validator of '${type}' refused an event for stream '${streamId}': ${issues.join('; ')}. Correct the data, or the schema in the catalog.`,
      options,
    )
    this.streamId = streamId
    this.type = type
    this.issues = issues
  }
}
