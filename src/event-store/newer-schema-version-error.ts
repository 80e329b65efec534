import { EverfoldError } from '../errors.ts'
import type { StreamId } from './stream-id.ts'

/** An event was stored by newer code: its schema version is above the one that this catalog declares. */
export class NewerSchemaVersionError extends EverfoldError {
  readonly code = 'NEWER_SCHEMA_VERSION'
  readonly retryable = false
  readonly streamId: StreamId
  readonly type: string
  readonly stored: number
  readonly known: number

  constructor(
    event: { readonly streamId: StreamId; readonly version: number; readonly type: string },
    versions: { readonly stored: number; readonly known: number },
    options?: ErrorOptions,
  ) {
    super(
      `Event '${event.type}' in stream '${event.streamId}' at version ${event.version} has schema version ${versions.stored}; this code knows up to ${versions.known}. Deploy the code that declares schema version ${versions.stored}.`,
      options,
    )
    this.streamId = event.streamId
    this.type = event.type
    this.stored = versions.stored
    this.known = versions.known
  }
}
