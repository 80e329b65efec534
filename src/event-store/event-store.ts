import type { EventReader } from './event-reader.ts'
import type { EventStorageCapabilities } from './event-storage.ts'
import type { EventWriter } from './event-writer.ts'

/** What users hold: checked, upcast, retried where that is safe. Made by an adapter's factory, e.g. `memoryEventStore({ catalogs })`. */
export interface EventStore extends EventReader, EventWriter {
  /** What the storage underneath can do. */
  readonly capabilities: EventStorageCapabilities
}
