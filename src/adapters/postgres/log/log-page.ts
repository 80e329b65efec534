import type { Checkpoint } from '../../../event-store/checkpoint.ts'
import type { StoredLogPage } from '../../../event-store/event-storage.ts'
import type { StoredEvent } from '../../../event-store/stored-event.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'
import { StoreRewoundError } from '../../../event-store/store-rewound-error.ts'
import type { Row } from '../database/database.ts'
import { positionOf, StoredRow, type StoredColumns } from './stored-row.ts'

/**
 * Reads the rows of `read_all`.
 *
 * @throws {StoreRewoundError} no row says that `after` was found.
 */
export function logPage(rows: readonly Row[], { after, limit, type }: Asked): StoredLogPage {
  const count = rows.findLastIndex((row) => row[3] !== null) + 1
  const marks = rows.slice(count)
  const events = rows.slice(0, count).map((row) => eventOf(row, type))
  const head = placeOf(marks, 'head')
  if (after !== undefined && placeOf(marks, 'after') === undefined)
    throw new StoreRewoundError(after, head)
  const last = events.at(-1)
  const isCut =
    last !== undefined && (events.length >= limit || marks.some(([mark]) => mark === 'stop'))
  const looked = isCut ? { position: last.position, eventId: last.id } : placeOf(marks, 'through')
  const isFull = isCut || marks.some(([mark]) => mark === 'more')
  return { events, head, through: greaterOf(looked, after), isFull }
}

interface Asked {
  readonly after: Checkpoint | undefined
  readonly limit: number
  /** Of the events whose rows tell none. */
  readonly type: string
}

function eventOf(row: Row, type: string): StoredEvent {
  return new StoredRow(row[3] as StreamId, row[0] ?? type, row as unknown as StoredColumns)
}

function placeOf(marks: readonly Row[], name: string): Checkpoint | undefined {
  const place = marks.find(([mark]) => mark === name)?.[1]
  if (place === undefined || place === null) return undefined
  const [eventId = '', position = ''] = place.split(' ')
  return { position: positionOf(position), eventId }
}

function greaterOf(a: Checkpoint | undefined, b: Checkpoint | undefined): Checkpoint | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a.position >= b.position ? a : b
}
