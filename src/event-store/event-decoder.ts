import {
  declaredEvents,
  retiredEvents,
  upcastEvent,
  type AnyEventCatalog,
} from './event-catalog.ts'
import type { SubscribeOptions } from './event-reader.ts'
import { DecodedEvent, type RecordedEvent } from './recorded-event.ts'
import type { StoredEvent } from './stored-event.ts'
import { categoryOf, type StreamId } from './stream-id.ts'
import { TypeFilter } from './type-filter.ts'
import { upcastDeclared } from './upcast-event.ts'

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

  /** What to ask a storage for, and to pick of what it gives. */
  filterOf(options: Pick<SubscribeOptions, 'types' | 'categories'>): TypeFilter {
    return new TypeFilter(this.#catalogs.values(), options)
  }

  /** Decodes an event of a stream that is read, into `events`; where its category has a catalog, its type must be known. */
  decodeOfStream(stored: StoredEvent, events: RecordedEvent[]): void {
    this.#decode(stored, 'known', events)
  }

  /** Decodes events of the log; unknown types are handed on as they are. */
  decodeLog(stored: readonly StoredEvent[]): readonly RecordedEvent[] {
    const events: RecordedEvent[] = []
    for (const each of stored) this.#decode(each, 'any', events)
    return events
  }

  #decode(stored: StoredEvent, types: 'known' | 'any', events: RecordedEvent[]): void {
    const event = new DecodedEvent(stored)
    const catalog = this.#catalogOf(stored.streamId)
    const declared = catalog && declaredEvents(catalog).get(stored.type)
    if (declared !== undefined) events.push(upcastDeclared(declared, event))
    else if (
      catalog !== undefined &&
      (types === 'known' || retiredEvents(catalog).has(stored.type))
    )
      events.push(...upcastEvent(catalog, event))
    else events.push(event)
  }

  #catalogOf(streamId: StreamId): AnyEventCatalog | undefined {
    if (!streamId.startsWith(this.#last.prefix)) {
      const category = categoryOf(streamId)
      this.#last = { prefix: `${category}-`, catalog: this.#catalogs.get(category) }
    }
    return this.#last.catalog
  }
}
