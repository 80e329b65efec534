import { EverfoldError } from '../../../errors.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'

/** At the place of an imported event another one stands, in the log or earlier in the input. Nothing of its chunk was written; the chunks before it were. */
export class ImportConflictError extends EverfoldError {
  readonly code = 'IMPORT_CONFLICT'
  readonly retryable = false
  readonly streamId: StreamId
  readonly version: number
  /** Id of the event that stands there. */
  readonly storedId: string
  /** Id of the event that was to be imported. */
  readonly importedId: string

  constructor(
    place: { readonly streamId: StreamId; readonly version: number },
    ids: { readonly stored: string; readonly imported: string },
    options?: ErrorOptions,
  ) {
    super(
      `Stream '${place.streamId}' has event ${ids.stored} at version ${place.version}, where ${ids.imported} was to be imported. Import into another log or stream, or give an event that was imported before the id that it had.`,
      options,
    )
    this.streamId = place.streamId
    this.version = place.version
    this.storedId = ids.stored
    this.importedId = ids.imported
  }
}
