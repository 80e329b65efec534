import { EverfoldError } from '../../errors.ts'
import type { GlobalPosition } from '../../event-store/global-position.ts'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'

/** A row or the key function of a projection threw on an event; the cause says why. The read model stays before that event's page. */
export class ProjectionFailedError extends EverfoldError {
  readonly code = 'PROJECTION_FAILED'
  readonly retryable = false
  readonly projection: string
  readonly position: GlobalPosition
  readonly eventType: string
  /** Key of the document; undefined: the key function threw. */
  readonly key: string | undefined

  constructor(
    projection: { readonly name: string },
    at: { readonly event: RecordedEvent; readonly key: string | undefined },
    options?: ErrorOptions,
  ) {
    const { event, key } = at
    const what = key === undefined ? 'The key function' : `Row '${event.type}'`
    const cause = options?.cause instanceof Error ? `: ${options.cause.message}` : ''
    super(
      `${what} of projection '${projection.name}' failed on event ${event.id} at position ${event.position} (stream '${event.streamId}'${key === undefined ? '' : `, key '${key}'`})${cause}. Correct the projection and start the runner again.`,
      options,
    )
    this.projection = projection.name
    this.position = event.position
    this.eventType = event.type
    this.key = key
  }
}
