import { createEventStore, type EventStoreOptions } from '../../event-store/create-event-store.ts'
import type { EventStore } from '../../event-store/event-store.ts'
import { MemoryEventStorage } from './memory-event-storage.ts'

export interface MemoryEventStoreOptions extends EventStoreOptions {
  /** Gives `recordedAt`. Default: the clock of this machine. */
  readonly now?: (() => Date) | undefined
}

/**
 * Makes an event store in the memory of this process, for tests and trials. It keeps every promise of `EventStore` but one:
 * its events are gone when the process ends.
 *
 * ```ts
 * const store = memoryEventStore({ catalogs: [accountEvents] })
 * ```
 *
 * @throws {TypeError} two catalogs declare one category.
 */
export function memoryEventStore(options: MemoryEventStoreOptions): EventStore {
  const { now, ...storeOptions } = options
  return createEventStore(new MemoryEventStorage({ now }), storeOptions)
}
