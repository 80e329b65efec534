import type { ImportedEvent } from '../../../event-store/imported-event.ts'
import { ImportConflictError } from './import-conflict-error.ts'
import { ImportGapError } from './import-gap-error.ts'

/** What is known of an event while its content is on its way. */
export interface PlacedEvent extends Pick<ImportedEvent, 'streamId' | 'version' | 'id'> {
  readonly stream: ChunkStream
}

/** A stream of a chunk. */
export interface ChunkStream {
  /** Lowest version in the chunk. */
  first: number
  /** Highest version in the chunk. */
  last: number
  /** Version of its last event in the log, then in the log and the events checked so far. */
  version: number
  /** The ids that the log has from `first` to `last`. */
  storedIds: readonly string[]
}

/**
 * Tells which events are not in the log. Each is checked against the log and the events before it, so it makes no difference where a chunk ends.
 *
 * @throws {ImportConflictError} another event stands at the place of one.
 * @throws {ImportGapError} one is ahead of its stream.
 */
export function missingEvents(events: readonly PlacedEvent[]): readonly boolean[] {
  return events.map((event) => {
    const { stream, version, id } = event
    if (version > stream.version + 1) throw new ImportGapError(event, stream.version + 1)
    if (version === stream.version + 1) {
      stream.version = version
      return true
    }
    const stored = stream.storedIds[version - stream.first] ?? earlierId(events, event)
    if (stored !== id) throw new ImportConflictError(event, { stored, imported: id })
    return false
  })
}

/** Of the event that the input has at the same place before. */
function earlierId(events: readonly PlacedEvent[], event: PlacedEvent): string {
  const isSamePlace = ({ stream, version }: PlacedEvent): boolean =>
    stream === event.stream && version === event.version
  return (events.find(isSamePlace) ?? event).id
}
