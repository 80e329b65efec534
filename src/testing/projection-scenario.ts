import assert from 'node:assert/strict'
import { v7 as uuidv7 } from 'uuid'
import type { DomainEvent } from '../event-store/domain-event.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { globalPosition } from '../event-store/global-position.ts'
import { parseStreamId, type StreamId } from '../event-store/stream-id.ts'
import { foldEvents, keyEvents } from '../projections/folding/fold.ts'
import { filterOf } from '../projections/projection-filter.ts'
import type { Projection } from '../projections/projection.ts'
import type { DocumentAt } from '../projections/read-model-storage.ts'

/** Events of one stream, in order. */
export interface StreamEvents {
  readonly streamId: StreamId
  readonly events: readonly DomainEvent[]
}

/** What a projection has folded so far. */
export interface ProjectionScenario<Document> {
  /** Folds more events, as a later page. */
  when(...streams: readonly StreamEvents[]): ProjectionScenario<Document>
  /** Asserts exactly these documents by key. */
  then(documents: Readonly<Record<string, Document>>): void
}

/** Says in which stream events happened: `inStream('account-42', accountEvents.MoneyDeposited({ cents: 5 }))`. */
export function inStream(streamId: string, ...events: readonly DomainEvent[]): StreamEvents {
  return { streamId: parseStreamId(streamId), events }
}

export function projectionScenario<Document, Event extends RecordedEvent>(
  projection: Projection<Document, Event>,
  pages: readonly (readonly StreamEvents[])[],
): ProjectionScenario<Document> {
  return {
    when: (...streams) => projectionScenario(projection, [...pages, streams]),
    then: (expected) => {
      assert.deepEqual(foldPages(projection, pages), expected)
    },
  }
}

function foldPages<Document, Event extends RecordedEvent>(
  projection: Projection<Document, Event>,
  pages: readonly (readonly StreamEvents[])[],
): Readonly<Record<string, Document>> {
  const { accepts } = filterOf(projection)
  const documents = new Map<string, DocumentAt<Document>>()
  const versions = new Map<StreamId, number>()
  let position = 0
  const record = (streamId: StreamId, event: DomainEvent): RecordedEvent => {
    const version = (versions.get(streamId) ?? 0) + 1
    versions.set(streamId, version)
    const { id = uuidv7(), type, data, metadata = {}, occurredAt = new Date() } = event
    return {
      ...{ streamId, version, position: globalPosition(++position), id, type, data },
      ...{ schemaVersion: 1, metadata, occurredAt, recordedAt: occurredAt },
    }
  }
  for (const page of pages) {
    const recorded = page.flatMap(({ streamId, events }) =>
      events.map((event) => record(streamId, event)),
    )
    const keyed = keyEvents(
      projection,
      recorded.filter((event) => accepts(event)),
    )
    for (const [key, { document, position: at }] of foldEvents(projection, keyed, documents)
      .documents)
      documents.set(key, { document, position: at })
  }
  return Object.fromEntries(
    [...documents].flatMap(([key, { document }]) =>
      document === undefined ? [] : [[key, document]],
    ),
  )
}
