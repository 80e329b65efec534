import { EverfoldError } from '../errors.ts'
import type { StreamId } from '../event-store/stream-id.ts'

/** A state was asked for at a version that the stream has not reached. */
export class VersionNotReachedError extends EverfoldError {
  readonly code = 'VERSION_NOT_REACHED'
  readonly retryable = false
  readonly streamId: StreamId
  readonly asked: number
  /** Version of the stream's last event; 0 = unwritten. */
  readonly actual: number

  constructor(
    streamId: StreamId,
    versions: { readonly asked: number; readonly actual: number },
    options?: ErrorOptions,
  ) {
    const { asked, actual } = versions
    super(
      `Stream '${streamId}' is at version ${actual}, asked for its state at ${asked}. Ask for ${actual} or less.`,
      options,
    )
    this.streamId = streamId
    this.asked = asked
    this.actual = actual
  }
}
