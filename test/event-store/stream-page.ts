import type { EventStorage, StoredEvent, StreamId } from '../../src/index.ts'

/** A page of a stream as a storage gives it, all of it at once. */
export async function streamPage(
  storage: Pick<EventStorage, 'readStreamPage'>,
  streamId: StreamId,
  range: Parameters<EventStorage['readStreamPage']>[1],
): Promise<{ readonly events: readonly StoredEvent[]; readonly version: number }> {
  const events: StoredEvent[] = []
  const version = await storage.readStreamPage(streamId, range, (event) => events.push(event))
  return { events, version }
}
