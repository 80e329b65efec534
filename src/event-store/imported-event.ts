import type { EventMetadata } from './domain-event.ts'
import type { EventToStore } from './stored-event.ts'
import type { StreamId } from './stream-id.ts'

/** An event of a history that is imported: it has its place in its stream and its id already. What a store reads out of its log can be given as it is. */
export interface ImportedEvent {
  readonly streamId: StreamId
  /** Place in the stream, from 1 without gaps. */
  readonly version: number
  /** A UUID. By it an event that was imported before is known again: keep it when the import is repeated. */
  readonly id: string
  readonly type: string
  /** A JSON value. Members that are `undefined` count as absent. */
  readonly data: unknown
  /** Version of the shape of `data`, from 1. Default: the current one of the catalog. An older one is stored as it is, and upcast when it is read. */
  readonly schemaVersion?: number | undefined
  readonly metadata?: EventMetadata | undefined
  /** When it happened in the domain. Default: the moment of the import. */
  readonly occurredAt?: Date | undefined
}

/** An imported event, checked and encoded. */
export interface ImportedEventToStore extends EventToStore {
  readonly streamId: StreamId
  readonly version: number
}
