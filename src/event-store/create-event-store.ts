import { Appender, type AppendStorage } from './appender.ts'
import type { AnyEventCatalog } from './event-catalog.ts'
import { EventDecoder } from './event-decoder.ts'
import { EventEncoder } from './event-encoder.ts'
import type { EventStorage } from './event-storage.ts'
import type { EventStore } from './event-store.ts'
import type { EventWriter } from './event-writer.ts'
import { LogReader } from './log-reader.ts'
import { newId as anyId } from './new-id.ts'
import { readStream, readStreams } from './stream-reader.ts'
import { unlessAborted } from './unless-aborted.ts'

export interface EventStoreOptions {
  /** The events that the store accepts and upcasts, one catalog per category. */
  readonly catalogs: readonly AnyEventCatalog[]
  /**
   * How long an append whose outcome is unknown, whose store cannot be reached, or that others get in the way of, is repeated where that is safe, in
   * milliseconds. An attempt that is under way then is awaited. Default 15,000.
   */
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
  const { catalogs, pollIntervalMs = 100 } = options
  const decoder = new EventDecoder(byCategory(catalogs))
  const log = new LogReader(storage, decoder, pollIntervalMs)
  const onAppended = (): void => {
    log.wake()
  }
  return {
    capabilities: storage.capabilities,
    ...createEventWriter(storage, { ...options, onAppended }),
    readStream: (streamId, readOptions) =>
      readStream(storage, decoder, { streamId, ...readOptions }),
    readAll: (readOptions) => log.readAll(readOptions),
    subscribe: (subscribeOptions) => log.subscribe(subscribeOptions),
    head: ({ signal } = {}) => unlessAborted(storage.head(), signal),
    contains: (checkpoint, { signal } = {}) => unlessAborted(storage.contains(checkpoint), signal),
    streams: (category, streamsOptions) => readStreams(storage, category, streamsOptions),
    findCommand: (streamId, commandId, { signal } = {}) =>
      unlessAborted(storage.findCommand(streamId, commandId), signal),
  }
}

/** Makes the half of a store that writes, e.g. into a transaction of its caller. */
export function createEventWriter(
  storage: AppendStorage,
  options: EventStoreOptions & { readonly onAppended?: () => void },
): EventWriter {
  const { catalogs, appendDeadlineMs = 15_000, newId = anyId, onAppended } = options
  const encoder = new EventEncoder(byCategory(catalogs), newId)
  const appender = new Appender(storage, encoder, {
    deadlineMs: appendDeadlineMs,
    ...(onAppended && { onAppended }),
  })
  return {
    append: (streamId, events, { expectedVersion, commandId, signal }) =>
      appender.append({ streamId, events, expectedVersion, commandId }, signal),
    appendAll: (appends, { signal } = {}) => appender.appendAll(appends, signal),
  }
}

/** @throws {TypeError} two catalogs declare one category. */
export function byCategory(
  catalogs: readonly AnyEventCatalog[],
): ReadonlyMap<string, AnyEventCatalog> {
  const found = new Map(catalogs.map((catalog) => [catalog.category, catalog]))
  if (found.size === catalogs.length) return found
  throw new TypeError(`Two catalogs declare one category: ${twice(catalogs)}.`)
}

function twice(catalogs: readonly AnyEventCatalog[]): string {
  const categories = catalogs.map(({ category }) => category)
  return `'${categories.find((category, index) => categories.indexOf(category) < index) ?? ''}'`
}
