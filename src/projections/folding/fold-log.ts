import type { EventReader } from '../../event-store/event-reader.ts'
import type { GlobalPosition } from '../../event-store/global-position.ts'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import { foldEvents, keyEvents } from './fold.ts'
import type { Projection } from '../projection.ts'
import { filterOf } from '../projection-filter.ts'
import type { DocumentAt } from '../read-model-storage.ts'

export interface FoldLogOptions<Event extends RecordedEvent> {
  readonly store: EventReader
  /** Last position to fold. Default: where the log ends now. */
  readonly until?: GlobalPosition | undefined
  /** Only events that pass. Default: all. */
  readonly counts?: ((event: Event) => boolean) | undefined
  /** Only documents under these keys. Default: all. */
  readonly keys?: ReadonlySet<string> | undefined
  readonly signal?: AbortSignal | undefined
}

/** Folds the log into memory from its beginning: what a read model must equal. */
export async function foldLog<Document, Event extends RecordedEvent>(
  projection: Projection<Document, Event>,
  options: FoldLogOptions<Event>,
): Promise<ReadonlyMap<string, DocumentAt<Document>>> {
  const { store, until, counts = () => true, keys, signal } = options
  const { types, categories, accepts } = filterOf(projection)
  const documents = new Map<string, DocumentAt<Document>>()
  for await (const { events } of store.readAll({ until, types, categories, signal })) {
    const counting = events.filter((event) => accepts(event)).filter(counts)
    const keyed = keyEvents(projection, counting)
    const wanted =
      keys === undefined
        ? keyed
        : keyed.map((each) => ({ ...each, keys: each.keys.filter((key) => keys.has(key)) }))
    const folded = foldEvents(projection, wanted, documents)
    for (const [key, { document, position }] of folded.documents)
      if (document === undefined) documents.delete(key)
      else documents.set(key, { document, position })
  }
  return documents
}
