import { EverfoldError } from '../../../errors.ts'
import type { GlobalPosition } from '../../../event-store/global-position.ts'
import type { RecordedEvent } from '../../../event-store/recorded-event.ts'

/** `apply` of an SQL projection threw on an event alone, or the database refused what it wrote; the cause says why. All events before it are applied. */
export class SqlProjectionFailedError extends EverfoldError {
  readonly code = 'SQL_PROJECTION_FAILED'
  readonly retryable = false
  readonly projection: string
  readonly position: GlobalPosition
  readonly eventType: string

  constructor(projection: string, event: RecordedEvent, options?: ErrorOptions) {
    const cause = options?.cause instanceof Error ? `: ${options.cause.message}` : ''
    super(
      `SQL projection '${projection}' failed on event ${event.id} of type '${event.type}' at position ${event.position} (stream '${event.streamId}')${cause}. Nothing of that event was written. Correct the projection and start the runner again.`,
      options,
    )
    this.projection = projection
    this.position = event.position
    this.eventType = event.type
  }
}
