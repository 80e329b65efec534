import { EverfoldError } from '../errors.ts'
import type { StreamId } from './stream-id.ts'

/** No catalog of the store declares this event type in the stream's category. */
export class UnknownEventTypeError extends EverfoldError {
  readonly code = 'UNKNOWN_EVENT_TYPE'
  readonly retryable = false
  readonly streamId: StreamId
  readonly type: string

  constructor(
    streamId: StreamId,
    event: {
      readonly type: string
      readonly version?: number | undefined
      readonly known: readonly string[]
    },
    options?: ErrorOptions,
  ) {
    const { type, version, known } = event
    const where =
      version === undefined
        ? `to stream '${streamId}'`
        : `in stream '${streamId}' at version ${version}`
    const declared =
      known.length === 0
        ? "no catalog declares the stream's category"
        : `its catalog declares ${known.join(', ')}`
    super(
      `Event '${type}' ${where} is of an undeclared type: ${declared}. Declare it with defineEvents and give the catalog to the store.`,
      options,
    )
    this.streamId = streamId
    this.type = type
  }
}
