import type { ImportedEventToStore } from '../../../event-store/imported-event.ts'
import type { DatabaseSession } from '../database/database.ts'

/** Events of one commit, in the form in which they are sent. */
export interface ImportBatch {
  /** Bytes of UTF-8 that the data and metadata of its events take, in the form in which they are sent; what goes with them may be counted, too. */
  readonly bytes: number
  add(event: ImportedEventToStore): void
  /** Writes the events that are wanted, by their number from 0, and draws their positions in their order. */
  write(session: DatabaseSession, options: BatchOptions): Promise<void>
}

export interface BatchOptions {
  readonly isWanted: readonly boolean[]
  /** As 2000-01-01T00:00:00.000Z. */
  readonly recordedAt: string
}
