import type { EventMetadata } from './domain-event.ts'
import type { GlobalPosition } from './global-position.ts'
import type { StoredEvent } from './stored-event.ts'
import type { StreamId } from './stream-id.ts'

/**
 * A fact as the store keeps it, read through the catalog: `data` has the current shape.
 *
 * Metadata and dates are decoded when they are first asked for, on accessors that `{ ...event }` does not copy; `toJSON()` holds all.
 */
export interface RecordedEvent<Type extends string = string, Data = unknown> {
  readonly streamId: StreamId
  /** Place in the stream, from 1 without gaps. */
  readonly version: number
  /** Place in the log, rising, with gaps. */
  readonly position: GlobalPosition
  /** A UUID. */
  readonly id: string
  readonly type: Type
  readonly data: Data
  /** Version of the shape of `data`, from 1: the current one of the catalog. */
  readonly schemaVersion: number
  readonly metadata: EventMetadata
  /** When it happened in the domain, to the millisecond. */
  readonly occurredAt: Date
  /** When the store took it, by the store's clock, to the millisecond. */
  readonly recordedAt: Date
  /** Which one this is of the events into which an upcaster splits a stored one, from 1; they share version, position and id. Undefined: it is whole. */
  readonly part?: number | undefined
  /** How many there are of them. */
  readonly parts?: number | undefined
  /** All of it as JSON values; the position is a decimal string. Events that a store gives have it. */
  toJSON?(): Readonly<Record<string, unknown>>
}

/** Decodes a stored event; `data` is parsed at once, the rest when asked for: parsing metadata eagerly costs as much as all else (1.4 us against 0.25). */
export class DecodedEvent implements RecordedEvent {
  readonly streamId: StreamId
  readonly version: number
  readonly position: GlobalPosition
  readonly id: string
  readonly type: string
  readonly data: unknown
  readonly schemaVersion: number
  readonly #stored: StoredEvent
  #metadata: EventMetadata | undefined

  constructor(stored: StoredEvent, upcast?: UpcastEvent) {
    this.streamId = stored.streamId
    this.version = stored.version
    this.position = stored.position
    this.id = stored.id
    this.type = upcast === undefined ? stored.type : upcast.type
    this.data = upcast === undefined ? valueOf(stored) : upcast.data
    this.schemaVersion = upcast === undefined ? stored.schemaVersion : upcast.schemaVersion
    this.#stored = stored
  }

  /** The same event as what it means today. */
  carriedTo(upcast: UpcastEvent): DecodedEvent {
    return upcast.parts === undefined
      ? new DecodedEvent(this.#stored, upcast)
      : new DecodedPart(this.#stored, upcast)
  }

  get part(): number | undefined {
    return undefined
  }

  get parts(): number | undefined {
    return undefined
  }

  get metadata(): EventMetadata {
    return (this.#metadata ??= Object.freeze(JSON.parse(this.#stored.metadata)) as EventMetadata)
  }

  get occurredAt(): Date {
    return new Date(this.#stored.occurredAtMs)
  }

  get recordedAt(): Date {
    return new Date(this.#stored.recordedAtMs)
  }

  toJSON(): Readonly<Record<string, unknown>> {
    const { streamId, version, id, type, data, schemaVersion, metadata, occurredAt, recordedAt } =
      this
    const position = this.position.toString()
    return {
      streamId,
      version,
      position,
      id,
      type,
      data,
      schemaVersion,
      metadata,
      occurredAt,
      recordedAt,
      ...(this.parts === undefined ? {} : { part: this.part, parts: this.parts }),
    }
  }
}

/** The text is asked for only where it is parsed. */
function valueOf(stored: StoredEvent): unknown {
  return stored.parsed === undefined ? (JSON.parse(stored.data) as unknown) : stored.parsed
}

/** One of the parts of a stored event. */
class DecodedPart extends DecodedEvent {
  readonly #upcast: UpcastEvent

  constructor(stored: StoredEvent, upcast: UpcastEvent) {
    super(stored, upcast)
    this.#upcast = upcast
  }

  override get part(): number | undefined {
    return this.#upcast.part
  }

  override get parts(): number | undefined {
    return this.#upcast.parts
  }
}

/** What an upcaster makes of an event. */
export type UpcastEvent = Pick<RecordedEvent, 'type' | 'data' | 'schemaVersion' | 'part' | 'parts'>
