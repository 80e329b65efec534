import type { GlobalPosition } from '../event-store/global-position.ts'
import { sealJson } from '../event-store/json-value.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import type { Projection } from './projection.ts'
import { ProjectionFailedError } from './projection-failed-error.ts'
import type { DocumentAt, DocumentWrite } from './read-model-storage.ts'

/** An event with the keys of the documents that it changes. */
export interface KeyedEvent<Event> {
  readonly event: Event
  readonly keys: readonly string[]
}

/** A folded document with its approximate size in characters of JSON. */
export interface SizedWrite<Document> extends DocumentWrite<Document> {
  readonly size: number
}

const NOTHING: DocumentAt<never> = { document: undefined, position: 0n as GlobalPosition }

/** Gives each event its keys; events that change no document are left out. */
export function keyEvents<Document, Event extends RecordedEvent>(
  projection: Projection<Document, Event>,
  events: readonly Event[],
): readonly KeyedEvent<Event>[] {
  const keyed: KeyedEvent<Event>[] = []
  for (const event of events) {
    const keys = keysOf(projection, event)
    if (keys.length > 0) keyed.push({ event, keys })
  }
  return keyed
}

/**
 * Folds events into the documents found under their keys, one document per key however many events it had.
 *
 * Events at or before the position of a document *as found* are skipped: it contains them. A key that was touched and ends absent is a deletion.
 */
export function foldEvents<Document, Event extends RecordedEvent>(
  projection: Projection<Document, Event>,
  events: readonly KeyedEvent<Event>[],
  found: ReadonlyMap<string, DocumentAt<Document>>,
): ReadonlyMap<string, SizedWrite<Document>> {
  const folded = new Map<string, DocumentAt<Document>>()
  for (const { event, keys } of events)
    for (const key of keys) {
      const before = found.get(key) ?? NOTHING
      if (event.position <= before.position) continue
      const { document } = folded.get(key) ?? before
      folded.set(key, {
        document: foldOne(projection, { key, event, document }),
        position: event.position,
      })
    }
  const writes = new Map<string, SizedWrite<Document>>()
  for (const [key, { document, position }] of folded)
    writes.set(key, {
      key,
      document,
      position,
      size: seal(projection, { key, document, position }),
    })
  return writes
}

function keysOf<Document, Event extends RecordedEvent>(
  projection: Projection<Document, Event>,
  event: Event,
): readonly string[] {
  if (projection.key === undefined) return [event.streamId]
  try {
    const key: unknown = projection.key(event)
    if (key === null) return []
    const keys: readonly unknown[] = Array.isArray(key) ? [...new Set<unknown>(key)] : [key]
    if (!keys.every((each) => typeof each === 'string' && each.isWellFormed()))
      throw new TypeError(
        `key gave ${JSON.stringify(key)}. Return a string, a list of strings, or null.`,
      )
    return keys as readonly string[]
  } catch (cause) {
    throw new ProjectionFailedError(projection, { event, key: undefined }, { cause })
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
    : sealJson(document, `document '${key}' of '${name}' at position ${position}`)
}
