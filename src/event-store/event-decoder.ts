import {
  declaredEvents,
  upcastDeclared,
  upcastEvent,
  type AnyEventCatalog,
} from './event-catalog.ts'
import { DecodedEvent, type RecordedEvent } from './recorded-event.ts'
import type { StoredEvent } from './stored-event.ts'
import { categoryOf, type StreamId } from './stream-id.ts'

/** Decodes stored events and carries them to their current shape: the one place where reading upcasts. */
export class EventDecoder {
  readonly #catalogs: ReadonlyMap<string, AnyEventCatalog>
  /** Most events are of the category of the one before. */
  #last: { readonly prefix: string; readonly catalog: AnyEventCatalog | undefined } = {
    prefix: '-',
    catalog: undefined,
  }

  constructor(catalogs: ReadonlyMap<string, AnyEventCatalog>) {
    this.#catalogs = catalogs
  }

  /** Decodes an event of a stream that is read; where its category has a catalog, its type must be declared. */
  decodeOfStream(stored: StoredEvent): RecordedEvent {
    return this.#decode(stored, 'declared')
  }

  /** Decodes events of the log; undeclared types are handed on as they are. */
  decodeLog(events: readonly StoredEvent[]): readonly RecordedEvent[] {
    return events.map((stored) => this.#decode(stored, 'any'))
  }

  #decode(stored: StoredEvent, types: 'declared' | 'any'): RecordedEvent {
    const event = new DecodedEvent(stored)
    const catalog = this.#catalogOf(stored.streamId)
    if (catalog === undefined) return event
    const declared = declaredEvents(catalog).get(stored.type)
    if (declared !== undefined) return upcastDeclared(declared, event)
    return types === 'any' ? event : upcastEvent(catalog, event)
  }

  #catalogOf(streamId: StreamId): AnyEventCatalog | undefined {
    if (!streamId.startsWith(this.#last.prefix)) {
      const category = categoryOf(streamId)
      this.#last = { prefix: `${category}-`, catalog: this.#catalogs.get(category) }
    }
    return this.#last.catalog
  }
}
