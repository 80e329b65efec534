import { v7 as uuidv7 } from 'uuid'
import { Appender } from './appender.ts'
import type { AnyEventCatalog } from './event-catalog.ts'
import { EventDecoder } from './event-decoder.ts'
import { EventEncoder } from './event-encoder.ts'
import type { EventStorage } from './event-storage.ts'
import type { EventStore } from './event-store.ts'
import { LogReader } from './log-reader.ts'
import { readStream, readStreams } from './stream-reader.ts'

export interface EventStoreOptions {
  /** The events that the store accepts and upcasts, one catalog per category. */
  readonly catalogs: readonly AnyEventCatalog[]
  /** How long an append whose outcome is unknown, or whose store cannot be reached, is repeated where that is safe. Default 15,000. */
  readonly appendDeadlineMs?: number | undefined
  /** How often `subscribe` asks for events that other processes appended; those of this store wake it at once. Default 100. */
  readonly pollIntervalMs?: number | undefined
  /** Makes the ids of events that have none: UUIDs. Default: version 7. */
  readonly newId?: (() => string) | undefined
}

/**
 * Makes the store that users hold of an adapter's storage.
 *
 * @throws {TypeError} two catalogs declare one category.
 */
export function createEventStore(storage: EventStorage, options: EventStoreOptions): EventStore {
  const { catalogs, appendDeadlineMs = 15_000, pollIntervalMs = 100, newId = uuidv7 } = options
  const byCategory = new Map(catalogs.map((catalog) => [catalog.category, catalog]))
  if (byCategory.size < catalogs.length)
    throw new TypeError(`Two catalogs declare one category: ${twice(catalogs)}.`)
  const decoder = new EventDecoder(byCategory)
  const log = new LogReader(storage, decoder, pollIntervalMs)
  const appender = new Appender(storage, new EventEncoder(byCategory, newId), {
    deadlineMs: appendDeadlineMs,
    onAppended: () => {
      log.wake()
    },
  })
  return {
    capabilities: storage.capabilities,
    append: (streamId, events, appendOptions) =>
      appender.append({ streamId, events, ...appendOptions }),
    appendAll: (appends) => appender.appendAll(appends),
    readStream: (streamId, readOptions) =>
      readStream(storage, decoder, { streamId, ...readOptions }),
    readAll: (readOptions) => log.readAll(readOptions),
    subscribe: (subscribeOptions) => log.subscribe(subscribeOptions),
    head: () => storage.head(),
    contains: (checkpoint) => storage.contains(checkpoint),
    streams: (category, streamsOptions) => readStreams(storage, category, streamsOptions),
    findCommand: (streamId, commandId) => storage.findCommand(streamId, commandId),
  }
}

function twice(catalogs: readonly AnyEventCatalog[]): string {
  const categories = catalogs.map(({ category }) => category)
  return `'${categories.find((category, index) => categories.indexOf(category) < index) ?? ''}'`
}
