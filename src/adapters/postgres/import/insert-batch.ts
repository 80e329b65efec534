import type { ImportedEventToStore } from '../../../event-store/imported-event.ts'
import type { DatabaseSession, Statement } from '../database/database.ts'
import type { BatchOptions, ImportBatch } from './import-batch.ts'
import { timestampText } from '../database/timestamp.ts'

/** Events as lists of values, for databases without COPY. */
export class InsertBatch implements ImportBatch {
  readonly #insert: Statement
  readonly #events: ImportedEventToStore[] = []
  bytes = 0

  constructor(insert: Statement) {
    this.#insert = insert
  }

  add(event: ImportedEventToStore): void {
    this.#events.push(event)
    this.bytes += Buffer.byteLength(event.data) + Buffer.byteLength(event.metadata)
  }

  async write(session: DatabaseSession, { isWanted, recordedAt }: BatchOptions): Promise<void> {
    const events = this.#events.filter((_, index) => isWanted[index])
    await session.query(this.#insert, [
      events.map(({ streamId }) => streamId),
      events.map(({ version }) => version),
      events.map(({ id }) => id),
      events.map(({ type }) => type),
      events.map(({ schemaVersion }) => schemaVersion),
      events.map(({ data }) => data),
      events.map(({ metadata }) => metadata),
      events.map(({ occurredAtMs }) =>
        occurredAtMs === undefined ? recordedAt : timestampText(occurredAtMs),
      ),
      recordedAt,
    ])
  }
}
