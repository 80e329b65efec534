import { EverfoldError } from '../../../errors.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'

/** The stream was tombstoned: it is gone for ever, and its name cannot be used again. Nothing was written. */
export class StreamTombstonedError extends EverfoldError {
  readonly code = 'STREAM_TOMBSTONED'
  readonly retryable = false
  readonly streamId: StreamId

  constructor(streamId: StreamId, options?: ErrorOptions) {
    super(
      `Stream '${streamId}' was tombstoned: its events are gone and its name cannot be used again. Use another id; a stream that is to be written again is deleted, not tombstoned.`,
      options,
    )
    this.streamId = streamId
  }
}
