import type { EventStorage } from '../../src/index.ts'

/** A storage that does some operations otherwise than the one inside. */
export function wrapStorage(
  inner: EventStorage,
  otherwise: Partial<EventStorage> = {},
): EventStorage {
  return {
    capabilities: inner.capabilities,
    append: (appends) => inner.append(appends),
    readStreamPage: (streamId, range, take) => inner.readStreamPage(streamId, range, take),
    readAllPage: (range) => inner.readAllPage(range),
    head: () => inner.head(),
    contains: (checkpoint) => inner.contains(checkpoint),
    streamsPage: (category, range) => inner.streamsPage(category, range),
    findCommand: (streamId, commandId) => inner.findCommand(streamId, commandId),
    ...otherwise,
  }
}
