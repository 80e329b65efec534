import type { GlobalPosition } from '../../event-store/global-position.ts'
import { sealJson } from '../../event-store/json-value.ts'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import type { Definition } from '../definition.ts'
import type { Projection } from '../projection.ts'
import { ProjectionFailedError } from './projection-failed-error.ts'
import type { DocumentAt, DocumentWrite } from '../read-model-storage.ts'

/** An event with the keys of the documents that it changes. */
export interface KeyedEvent<Event> {
  readonly event: Event
  readonly keys: readonly string[]
}

/** A folded document with its approximate size in characters of JSON. */
export interface SizedWrite<Document> extends DocumentWrite<Document> {
  readonly size: number
}

/** An event that was not folded into a document, and the error; undefined: an earlier event of the key has one. */
export interface Setback<Event> {
  readonly key: string
  readonly event: Event
  readonly error: Error | undefined
}

export interface Folded<Document, Event> {
  readonly documents: ReadonlyMap<string, SizedWrite<Document>>
  /** Each key and position once, in the order of the events. */
  readonly setbacks: readonly Setback<Event>[]
}

/** Decides what becomes of a key whose row threw, or whose document is not JSON. */
export interface FailurePolicy {
  readonly onFailure: OnFailure
  /** Keys whose events are not folded; with an error: because of the first of them. Keys that fail are added. */
  readonly setAside: Map<string, Error | undefined>
}

/** `'stop'`: the lane stops before the event. `'park'`: the event, and later ones of its key, are set aside; all other keys go on. */
export type OnFailure = 'stop' | 'park'

const NOTHING: DocumentAt<never> = { document: undefined, position: 0n as GlobalPosition }

/** Gives each event its keys; events that change no document are left out. */
export function keyEvents<Event extends RecordedEvent>(
  definition: Definition<Event>,
  events: readonly Event[],
): readonly KeyedEvent<Event>[] {
  const keyed: KeyedEvent<Event>[] = []
  for (const event of events) {
    const keys = keysOf(definition, event)
    if (keys.length > 0) keyed.push({ event, keys })
  }
  return keyed
}

/**
 * Folds events into the documents found under their keys, one document per key however many events it had.
 *
 * Events at or before the position of a document *as found* are skipped: it contains them. A key that was touched and ends absent is a deletion.
 *
 * @param policy `'park'`: what fails is a setback of its key. The position that failed is undone whole, and it and what comes after it are not folded.
 * `'stop'`, the default: it is thrown.
 * @throws {ProjectionFailedError | NotJsonError} a row threw; a document is not JSON.
 */
export function foldEvents<Document, Event extends RecordedEvent>(
  projection: Projection<Document, Event>,
  events: readonly KeyedEvent<Event>[],
  found: ReadonlyMap<string, DocumentAt<Document>>,
  policy: FailurePolicy = { onFailure: 'stop', setAside: new Map() },
): Folded<Document, Event> {
  const batch = new Batch(projection, found, policy)
  for (const { event, keys } of events) for (const key of keys) batch.fold(key, event)
  return batch.seal(events)
}

interface FoldedDocument<Document> extends DocumentAt<Document> {
  readonly eventId: string
}

class Batch<Document, Event extends RecordedEvent> {
  readonly #projection: Projection<Document, Event>
  readonly #found: ReadonlyMap<string, DocumentAt<Document>>
  readonly #policy: FailurePolicy
  readonly #folded = new Map<string, FoldedDocument<Document>>()
  /** Each key's document before its last position: what a failure in a later part of that position goes back to. */
  readonly #before = new Map<string, FoldedDocument<Document> | undefined>()
  #setbacks: Setback<Event>[] = []

  constructor(
    projection: Projection<Document, Event>,
    found: ReadonlyMap<string, DocumentAt<Document>>,
    policy: FailurePolicy,
  ) {
    this.#projection = projection
    this.#found = found
    this.#policy = policy
  }

  get #isParking(): boolean {
    return this.#policy.onFailure === 'park'
  }

  fold(key: string, event: Event): void {
    const before = this.#found.get(key) ?? NOTHING
    const { position } = event
    if (position <= before.position) return
    if (this.#policy.setAside.has(key)) {
      this.#setBack(key, event)
      return
    }
    const folded = this.#folded.get(key)
    if (this.#isParking && folded?.position !== position) this.#before.set(key, folded)
    const { document } = folded ?? before
    try {
      const next = foldOne(this.#projection, { key, event, document })
      this.#folded.set(key, { document: next, position, eventId: event.id })
    } catch (error) {
      if (!this.#isParking) throw error
      const last = this.#before.get(key)
      if (last === undefined) this.#folded.delete(key)
      else this.#folded.set(key, last)
      this.#policy.setAside.set(key, error as Error)
      this.#setBack(key, event)
    }
  }

  seal(events: readonly KeyedEvent<Event>[]): Folded<Document, Event> {
    const documents = new Map<string, SizedWrite<Document>>()
    for (const [key, { document, position, eventId }] of this.#folded)
      try {
        const size = seal(this.#projection, { key, document, position })
        documents.set(key, { key, document, position, eventId, size })
      } catch (error) {
        if (!this.#isParking) throw error
        const last = this.#foldAgain(key, events)
        if (last !== undefined) documents.set(key, last)
      }
    return { documents, setbacks: this.#setbacks }
  }

  #setBack(key: string, event: Event): void {
    const error = this.#policy.setAside.get(key)
    this.#policy.setAside.set(key, undefined)
    const isPart =
      this.#setbacks.findLast((each) => each.key === key)?.event.position === event.position
    if (!isPart) this.#setbacks.push({ key, event, error })
  }

  /** Folds a key again, position by position, up to the one that made a document which is not JSON: what begins with it is set back. */
  #foldAgain(key: string, events: readonly KeyedEvent<Event>[]): SizedWrite<Document> | undefined {
    const positions = new Map<GlobalPosition, KeyedEvent<Event>[]>()
    for (const { event, keys } of events)
      if (keys.includes(key))
        positions.set(event.position, [
          ...(positions.get(event.position) ?? []),
          { event, keys: [key] },
        ])
    this.#setbacks = this.#setbacks.filter((each) => each.key !== key)
    this.#policy.setAside.delete(key)
    let last: SizedWrite<Document> | undefined
    for (const parts of positions.values()) {
      if (!this.#policy.setAside.has(key))
        try {
          const found = last === undefined ? this.#found : new Map([[key, last]])
          last = foldEvents(this.#projection, parts, found).documents.get(key) ?? last
          continue
        } catch (error) {
          this.#policy.setAside.set(key, error as Error)
        }
      for (const { event } of parts) this.#setBack(key, event)
    }
    return last
  }
}

function keysOf<Event extends RecordedEvent>(
  definition: Definition<Event>,
  event: Event,
): readonly string[] {
  if (definition.key === undefined) return [event.streamId]
  try {
    const key: unknown = definition.key(event)
    if (key === null) return []
    const keys: readonly unknown[] = Array.isArray(key) ? [...new Set<unknown>(key)] : [key]
    if (!keys.every((each) => typeof each === 'string' && each.isWellFormed()))
      throw new TypeError(
        `key gave ${JSON.stringify(key)}. Return a string, a list of strings, or null.`,
      )
    return keys as readonly string[]
  } catch (cause) {
    throw new ProjectionFailedError(definition, { event, key: undefined }, { cause })
  }
}

function foldOne<Document, Event extends RecordedEvent>(
  projection: Projection<Document, Event>,
  at: { readonly key: string; readonly event: Event; readonly document: Document | undefined },
): Document | undefined {
  const { key, event, document } = at
  const rows = projection.on as unknown as Readonly<
    Record<string, (document: Document, event: Event) => Document | null | undefined>
  >
  try {
    const next = rows[event.type]?.(document ?? projection.initialDocument(key), event)
    if (next === undefined)
      throw new TypeError(
        `on.${event.type} gave undefined. Return the next document, or null to delete it.`,
      )
    return Object.freeze(next) ?? undefined // frozen at once: a later row of the same page must not change it either
  } catch (cause) {
    throw new ProjectionFailedError(projection, { event, key }, { cause })
  }
}

function seal<Document, Event extends RecordedEvent>(
  { name }: Projection<Document, Event>,
  { key, document, position }: DocumentWrite<Document>,
): number {
  return document === undefined
    ? 0
    : sealJson(document, () => `document '${key}' of '${name}' at position ${position}`)
}
