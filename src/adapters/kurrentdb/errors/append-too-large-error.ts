import { EverfoldError } from '../../../errors.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'

/** The events of an append are larger than the server takes at once. Nothing was written. */
export class AppendTooLargeError extends EverfoldError {
  readonly code = 'APPEND_TOO_LARGE'
  readonly retryable = false
  readonly streamId: StreamId
  /** In bytes; undefined: the server did not say. */
  readonly mostBytes: number | undefined

  constructor(streamId: StreamId, mostBytes: number | undefined, options?: ErrorOptions) {
    super(
      `The append to '${streamId}' is larger than the server takes at once${mostBytes === undefined ? '' : `, ${mostBytes} bytes`}. Append fewer events at a time, keep large content elsewhere, or raise MaxAppendSize of the server.`,
      options,
    )
    this.streamId = streamId
    this.mostBytes = mostBytes
  }
}
