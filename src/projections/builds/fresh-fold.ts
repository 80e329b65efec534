import type { Checkpoint } from '../../event-store/checkpoint.ts'
import type { EventReader } from '../../event-store/event-reader.ts'
import type { GlobalPosition } from '../../event-store/global-position.ts'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import { foldEvents, keyEvents, type FailurePolicy, type OnFailure } from '../folding/fold.ts'
import type { Projection } from '../projection.ts'
import { filterOf } from '../projection-filter.ts'
import type { DocumentAt } from '../read-model-storage.ts'
import { canonical, ContentDigest } from './content-digest.ts'

export interface FreshFoldOptions<Document, Event extends RecordedEvent> {
  readonly projection: Projection<Document, Event>
  readonly store: EventReader
  readonly onFailure: OnFailure
  readonly signal: AbortSignal
}

/** What a build must hold, by a fold of the log in memory. Builds move on meanwhile: so it knows the documents of one place, and what they became after it. */
export class FreshFold<Document, Event extends RecordedEvent> {
  readonly documents: Map<string, DocumentAt<Document>> = new Map()
  readonly #options: FreshFoldOptions<Document, Event>
  readonly #policy: FailurePolicy
  /** What documents were after the place, one event after the other. */
  readonly #later = new Map<string, DocumentAt<Document>[]>()
  #checkpoint: Checkpoint | undefined

  constructor(options: FreshFoldOptions<Document, Event>) {
    this.#options = options
    this.#policy = { onFailure: options.onFailure, setAside: new Map() }
  }

  /** How far it has folded. */
  get checkpoint(): Checkpoint | undefined {
    return this.#checkpoint
  }

  /** Digest of the documents, whatever their order: 32 hexadecimal digits. */
  get digest(): string {
    const digest = new ContentDigest()
    for (const [key, document] of this.documents) digest.add(canonical(key, document))
    return digest.toString()
  }

  /** Folds the documents up to a place. */
  async foldTo(until: GlobalPosition): Promise<void> {
    await this.#fold(until, (events) => {
      for (const [key, { document, position }] of this.#foldInto(this.documents, events))
        if (document === undefined) this.documents.delete(key)
        else this.documents.set(key, { document, position })
    })
  }

  /** Folds on, and keeps every state of each document. */
  async foldOn(until: GlobalPosition): Promise<void> {
    await this.#fold(until, (events) => {
      for (const event of events) this.#foldLater(event)
    })
  }

  /** Whether a build may hold this under a key: what stands there at the place, or stood there later. */
  allows(key: string, found: DocumentAt<Document> | undefined): boolean {
    if (this.#policy.setAside.has(key)) return true // parked: what its documents are depends on who folded it again
    const text = textOf(key, found)
    if (textOf(key, this.documents.get(key)) === text) return true
    return this.#later.get(key)?.some((each) => textOf(key, each) === text) === true
  }

  async #fold(until: GlobalPosition, fold: (events: readonly Event[]) => void): Promise<void> {
    const { projection, store, signal } = this.#options
    const { types, categories, accepts } = filterOf(projection)
    const after = this.#checkpoint
    if (after !== undefined && after.position >= until) return
    for await (const { events, through } of store.readAll({
      after,
      until,
      types,
      categories,
      signal,
    })) {
      fold(events.filter((event) => accepts(event)))
      this.#checkpoint = through
    }
  }

  #foldInto(documents: ReadonlyMap<string, DocumentAt<Document>>, events: readonly Event[]) {
    const { projection } = this.#options
    return foldEvents(projection, keyEvents(projection, events), documents, this.#policy).documents
  }

  #foldLater(event: Event): void {
    const found = new Map<string, DocumentAt<Document>>()
    for (const { keys } of keyEvents(this.#options.projection, [event]))
      for (const key of keys) {
        const latest = this.#later.get(key)?.at(-1) ?? this.documents.get(key)
        // Parts of one position come one after the other: the position as found would skip the second one.
        if (latest !== undefined)
          found.set(key, { ...latest, position: (event.position - 1n) as GlobalPosition })
      }
    for (const [key, { document, position }] of this.#foldInto(found, [event])) {
      const states = this.#later.get(key) ?? []
      states.push({ document, position })
      this.#later.set(key, states)
    }
  }
}

function textOf<Document>(key: string, at: DocumentAt<Document> | undefined): string {
  return at?.document === undefined ? 'absent' : canonical(key, at)
}
