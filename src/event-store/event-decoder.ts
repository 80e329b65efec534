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
import { upcastDeclared, type DeclaredEvent } from './upcast-event.ts'

/** Decodes stored events and carries them to their current shape: the one place where reading upcasts. */
export class EventDecoder {
  readonly #catalogs: ReadonlyMap<string, AnyEventCatalog>
  readonly #categories: ReadonlyMap<string, Category>
  /** Of the event before: most are of its category and type, and to look that up would take a fifth of what decoding does. */
  #last: Known = new Category('').known('')

  constructor(catalogs: ReadonlyMap<string, AnyEventCatalog>) {
    this.#catalogs = catalogs
    this.#categories = new Map(
      Array.from(catalogs, ([name, catalog]) => [name, new Category(name, catalog)]),
    )
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
    const { streamId, type } = stored
    const last = this.#last
    const known =
      type === last.type && streamId.startsWith(last.category.prefix)
        ? last
        : this.#know(streamId, type)
    const event = new DecodedEvent(stored)
    if (known.currentVersion === stored.schemaVersion || known.category.catalog === undefined)
      events.push(event)
    else this.#carry(event, known, { types, events })
  }

  #carry(
    event: RecordedEvent,
    { category: { catalog }, declared }: Known,
    { types, events }: { readonly types: 'known' | 'any'; readonly events: RecordedEvent[] },
  ): void {
    if (declared !== undefined) events.push(upcastDeclared(declared, event))
    else if (catalog !== undefined && (types === 'known' || retiredEvents(catalog).has(event.type)))
      events.push(...upcastEvent(catalog, event))
    else events.push(event)
  }

  #know(streamId: StreamId, type: string): Known {
    let { category } = this.#last
    if (!streamId.startsWith(category.prefix)) {
      const name = categoryOf(streamId)
      category = this.#categories.get(name) ?? new Category(name)
    }
    return (this.#last = category.known(type))
  }
}

/** The events of a category. */
class Category {
  /** How the ids of its streams begin. */
  readonly prefix: string
  readonly catalog: AnyEventCatalog | undefined
  readonly #declared = new Map<string, Known>()

  constructor(name: string, catalog?: AnyEventCatalog) {
    this.prefix = `${name}-`
    this.catalog = catalog
    const declared = catalog === undefined ? [] : declaredEvents(catalog)
    for (const [type, event] of declared) this.#declared.set(type, this.#known(type, event))
  }

  known(type: string): Known {
    return this.#declared.get(type) ?? this.#known(type)
  }

  #known(type: string, declared?: DeclaredEvent): Known {
    return { category: this, type, declared, currentVersion: declared?.chain.version }
  }
}

/** What is known of the events of a category and type. */
interface Known {
  readonly category: Category
  readonly type: string
  readonly declared: DeclaredEvent | undefined
  /** Schema version that needs no upcaster; undefined: the type is not declared. */
  readonly currentVersion: number | undefined
}
