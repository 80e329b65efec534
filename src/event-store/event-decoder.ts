import { declaredEvents, upcastEvent, type AnyEventCatalog } from './event-catalog.ts'
import { DecodedEvent, type RecordedEvent } from './recorded-event.ts'
import type { StoredEvent } from './stored-event.ts'
import { categoryOf } from './stream-id.ts'

/** Decodes stored events and carries them to their current shape: the one place where reading upcasts. */
export class EventDecoder {
  readonly #catalogs: ReadonlyMap<string, AnyEventCatalog>

  constructor(catalogs: ReadonlyMap<string, AnyEventCatalog>) {
    this.#catalogs = catalogs
  }

  /** Decodes the events of one stream; where its category has a catalog, each type must be declared. */
  decodeStream(events: readonly StoredEvent[]): readonly RecordedEvent[] {
    return events.map((stored) => this.#decode(stored, 'declared'))
  }

  /** Decodes events of the log; undeclared types are handed on as they are. */
  decodeLog(events: readonly StoredEvent[]): readonly RecordedEvent[] {
    return events.map((stored) => this.#decode(stored, 'any'))
  }

  #decode(stored: StoredEvent, types: 'declared' | 'any'): RecordedEvent {
    const event = new DecodedEvent(stored)
    const catalog = this.#catalogs.get(categoryOf(stored.streamId))
    if (catalog === undefined || (types === 'any' && !declaredEvents(catalog).has(stored.type)))
      return event
    return upcastEvent(catalog, event)
  }
}
