import { EverfoldError } from '../errors.ts'
import type { GlobalPosition } from '../event-store/global-position.ts'

/** An event was not given up where another one of its key is the first that is parked. */
export class DiscardRefusedError extends EverfoldError {
  readonly code = 'DISCARD_REFUSED'
  readonly retryable = false
  readonly projection: string
  readonly key: string
  /** Of the event that was to be given up. */
  readonly position: GlobalPosition
  /** Position of the first parked event of the key. */
  readonly first: GlobalPosition

  constructor(
    refused: {
      readonly projection: string
      readonly key: string
      readonly position: GlobalPosition
      readonly first: GlobalPosition
    },
    options?: ErrorOptions,
  ) {
    const { projection, key, position, first } = refused
    super(
      `The event at position ${position} of key '${key}' was not given up: the first parked event of the key is that at position ${first}. See parked('${projection}'), and give up that one, or call retryParked('${projection}', '${key}'), first.`,
      options,
    )
    this.projection = projection
    this.key = key
    this.position = position
    this.first = first
  }
}
