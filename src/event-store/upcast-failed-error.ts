import { EverfoldError } from '../errors.ts'
import type { StreamId } from './stream-id.ts'

/** An upcaster threw on a stored event, or gave what it may not; the cause says why. */
export class UpcastFailedError extends EverfoldError {
  readonly code = 'UPCAST_FAILED'
  readonly retryable = false
  readonly streamId: StreamId
  readonly version: number
  readonly type: string

  constructor(
    event: {
      readonly streamId: StreamId
      readonly version: number
      readonly type: string
      readonly schemaVersion: number
    },
    options?: ErrorOptions,
  ) {
    super(
      `Event '${event.type}' in stream '${event.streamId}' at version ${event.version} could not be carried on from schema version ${event.schemaVersion}. Correct the upcaster in the catalog: stored events do not change.`,
      options,
    )
    this.streamId = event.streamId
    this.version = event.version
    this.type = event.type
  }
}
