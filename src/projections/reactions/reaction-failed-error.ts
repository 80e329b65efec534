import { EverfoldError } from '../../errors.ts'
import type { GlobalPosition } from '../../event-store/global-position.ts'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'

/** A row of a reaction threw on an event, and the error, its cause, is not marked `retryable`. The reaction runs for that event again when a runner is started. */
export class ReactionFailedError extends EverfoldError {
  readonly code = 'REACTION_FAILED'
  readonly retryable = false
  readonly reaction: string
  readonly position: GlobalPosition
  readonly eventType: string
  readonly key: string

  constructor(
    reaction: { readonly name: string },
    at: { readonly event: RecordedEvent; readonly key: string },
    options?: ErrorOptions,
  ) {
    const { event, key } = at
    const cause = options?.cause instanceof Error ? `: ${options.cause.message}` : ''
    super(
      `Row '${event.type}' of reaction '${reaction.name}' failed on event ${event.id} at position ${event.position} (stream '${event.streamId}', key '${key}')${cause}. Correct the reaction and start the runner again.`,
      options,
    )
    this.reaction = reaction.name
    this.position = event.position
    this.eventType = event.type
    this.key = key
  }
}
