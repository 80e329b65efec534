import { sealJson } from '../../event-store/json-value.ts'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import { DocumentCache } from '../lanes/document-cache.ts'
import type { Done, LaneWork, WorkedLane } from '../lanes/lane-work.ts'
import type { Projection } from '../projection.ts'
import type { DocumentAt } from '../read-model-storage.ts'
import { foldEvents, type Folded, type KeyedEvent, type SizedWrite } from './fold.ts'

/** Folds the events of a lane into documents, which it holds in memory within bounds. */
export class DocumentWork<Document, Event extends RecordedEvent> implements LaneWork<
  Document,
  Event
> {
  readonly isInTurn = false
  readonly parkedAtOnce = 500
  readonly #projection: Projection<Document, Event>
  readonly #lane: WorkedLane<Document>
  readonly #cache: DocumentCache<Document>
  /** Given last, and perhaps not committed yet. */
  #given: ReadonlyMap<string, SizedWrite<Document>> = new Map()

  constructor(projection: Projection<Document, Event>, lane: WorkedLane<Document>) {
    const { cacheBytes, isNew } = lane
    this.#projection = projection
    this.#lane = lane
    this.#cache = new DocumentCache({ maxBytes: cacheBytes, isComplete: isNew })
  }

  async run(events: readonly KeyedEvent<Event>[]): Promise<Done<Document, Event>> {
    const found = await this.#load(events)
    const { documents, setbacks, count } = this.#fold(events, found)
    this.#given = documents
    const isDue = documents.size + setbacks.length > 0
    return { documents, setbacks, count, isDue }
  }

  /** As many of the events as one commit can hold: where the documents grow too large, half of them. */
  #fold(
    events: readonly KeyedEvent<Event>[],
    found: ReadonlyMap<string, DocumentAt<Document>>,
  ): Folded<Document, Event> & { readonly count: number } {
    const { policy, storage } = this.#lane
    const { commitCharacters = Infinity } = storage
    for (let some = events; ;) {
      const setAside = new Map(policy.setAside)
      const folded = foldEvents(this.#projection, some, found, { ...policy, setAside })
      const fewer = charactersOf(folded) > commitCharacters ? firstHalf(some) : some
      if (fewer.length < some.length) some = fewer
      else {
        for (const [key, error] of setAside) policy.setAside.set(key, error)
        return { ...folded, count: some.length }
      }
    }
  }

  committed(documents: ReadonlyMap<string, SizedWrite<Document>>): void {
    // Without the event's id: it is a slice of all that the store sent of the event, which would be kept as long as the document.
    for (const [key, { document, position, size }] of documents)
      this.#cache.set(key, { document, position, size })
    if (this.#given === documents) this.#given = new Map()
  }

  async runParked(key: string, events: readonly Event[]): Promise<Folded<Document, Event>> {
    const { storage, build, number } = this.#lane
    const keyed = events.map((event) => ({ event, keys: [key] }))
    const found = await storage.load(build, [key], number)
    const policy = { onFailure: 'park', setAside: new Map<string, Error | undefined>() } as const
    return foldEvents(this.#projection, keyed, found, policy)
  }

  /** What held documents do not answer is loaded; those of the commit in flight answer before the sink does, which may not show them yet. */
  async #load(
    events: readonly KeyedEvent<Event>[],
  ): Promise<ReadonlyMap<string, DocumentAt<Document>>> {
    const { storage, build, number } = this.#lane
    const found = new Map<string, DocumentAt<Document>>()
    const missing = new Set<string>()
    for (const { keys } of events)
      for (const key of keys) {
        const held = this.#given.get(key) ?? this.#cache.get(key)
        if (held !== undefined) found.set(key, held)
        else if (!this.#cache.isComplete) missing.add(key)
      }
    if (missing.size === 0) return found
    const loaded = await storage.load(build, [...missing], number)
    for (const [key, { document, position }] of loaded) {
      const what = (): string => `document '${key}' of '${this.#projection.name}'`
      const size = document === undefined ? 0 : sealJson(document, what)
      found.set(key, { document, position })
      this.#cache.set(key, { document, position, size })
    }
    return found
  }
}

function charactersOf<Document, Event>({ documents }: Folded<Document, Event>): number {
  let characters = 0
  for (const { size } of documents.values()) characters += size
  return characters
}

/** Events of one position stay together: it may be all of them. */
function firstHalf<Event extends RecordedEvent>(
  events: readonly KeyedEvent<Event>[],
): readonly KeyedEvent<Event>[] {
  let end = Math.max(1, events.length >> 1)
  while (end < events.length && events[end]?.event.position === events[end - 1]?.event.position)
    end++
  return events.slice(0, end)
}
