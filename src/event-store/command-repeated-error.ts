import { EverfoldError } from '../errors.ts'
import type { GlobalPosition } from './global-position.ts'
import type { StreamId } from './stream-id.ts'

/** This command was appended to this stream before. Nothing was written again; the fields are the first outcome. */
export class CommandRepeatedError extends EverfoldError {
  readonly code = 'COMMAND_REPEATED'
  readonly retryable = false
  readonly streamId: StreamId
  readonly commandId: string
  /** Version of the last event that the first append wrote. */
  readonly version: number
  /** Position of that event. */
  readonly position: GlobalPosition

  constructor(
    streamId: StreamId,
    first: {
      readonly commandId: string
      readonly version: number
      readonly position: GlobalPosition
    },
    options?: ErrorOptions,
  ) {
    super(
      `Command '${first.commandId}' was already appended to stream '${streamId}', up to version ${first.version} (position ${first.position}). Use that outcome, or give a new command an id of its own.`,
      options,
    )
    this.streamId = streamId
    this.commandId = first.commandId
    this.version = first.version
    this.position = first.position
  }
}
