import type { GlobalPosition } from './global-position.ts'
import type { StreamId } from './stream-id.ts'

/** An event as an `EventStorage` takes it: encoded, named and checked by `createEventStore`. */
export interface EventToStore {
  /** A UUID in lower case. */
  readonly id: string
  readonly type: string
  readonly schemaVersion: number
  /** JSON text, as `JSON.stringify` makes it: in one line. */
  readonly data: string
  /** The same, of an object. */
  readonly metadata: string
  /** Milliseconds since 1970, or undefined: then it is the moment of recording. */
  readonly occurredAtMs: number | undefined
}

/** An event as an `EventStorage` hands it out: encoded as it was written, not upcast. */
export interface StoredEvent {
  readonly streamId: StreamId
  readonly version: number
  readonly position: GlobalPosition
  readonly id: string
  readonly type: string
  /** Version of the shape in which `data` was written. */
  readonly schemaVersion: number
  /** JSON text. */
  readonly data: string
  /** The value of `data`, where the storage has it and keeps it for nobody else. Undefined: the text is parsed. */
  readonly parsed?: unknown
  /** JSON text of an object. */
  readonly metadata: string
  readonly occurredAtMs: number
  readonly recordedAtMs: number
}
