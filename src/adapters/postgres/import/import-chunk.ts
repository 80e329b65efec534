import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { EventEncoder } from '../../../event-store/event-encoder.ts'
import type { ImportedEvent, ImportedEventToStore } from '../../../event-store/imported-event.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'
import type { ImportBatch } from './import-batch.ts'
import type { ChunkStream, PlacedEvent } from './import-check.ts'

/** Events that are imported in one commit. */
export interface ImportChunk {
  /** In the order of the input. */
  readonly events: readonly PlacedEvent[]
  readonly batch: ImportBatch
  /** The streams of these events. */
  readonly streams: ReadonlyMap<StreamId, ChunkStream>
}

/**
 * Checks and encodes events and divides them into chunks.
 *
 * @throws what `EventEncoder.encodeImported` does; the events that it has taken since the last chunk are lost.
 */
export async function* importChunks(
  events: Iterable<ImportedEvent> | AsyncIterable<ImportedEvent>,
  { encoder, newBatch, chunkSize }: ChunkOptions,
): AsyncGenerator<ImportChunk, undefined> {
  let chunk = new GrowingChunk(newBatch())
  for await (const event of events) {
    chunk.add(encoder.encodeImported(event))
    const { length } = chunk.events
    if (length >= chunkSize || chunk.batch.bytes >= MAX_BYTES) {
      yield chunk
      chunk = new GrowingChunk(newBatch())
    } else if (length % EVENTS_PER_TURN === 0) await yieldToEventLoop()
  }
  if (chunk.events.length > 0) yield chunk
  return undefined
}

export interface ChunkOptions {
  readonly encoder: EventEncoder
  readonly newBatch: () => ImportBatch
  /** Most events of a chunk. */
  readonly chunkSize: number
}

/** Of a chunk, and one event more: bounds memory, whatever the size of events. */
const MAX_BYTES = 8 << 20

/** Events that are encoded in one turn of the event loop: the chunk before is on its way to the database meanwhile, on this thread. */
const EVENTS_PER_TURN = 64

class GrowingChunk implements ImportChunk {
  readonly events: PlacedEvent[] = []
  readonly streams = new Map<StreamId, ChunkStream>()
  readonly batch: ImportBatch

  constructor(batch: ImportBatch) {
    this.batch = batch
  }

  add(event: ImportedEventToStore): void {
    const { streamId, version, id } = event
    this.batch.add(event)
    this.events.push({ streamId, version, id, stream: this.#streamOf(event) })
  }

  #streamOf({ streamId, version }: ImportedEventToStore): ChunkStream {
    let stream = this.streams.get(streamId)
    if (stream === undefined) {
      stream = { first: version, last: version, version: 0, storedIds: [] }
      this.streams.set(streamId, stream)
    } else if (version > stream.last) stream.last = version
    else if (version < stream.first) stream.first = version
    return stream
  }
}
