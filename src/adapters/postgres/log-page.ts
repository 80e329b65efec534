import type { Checkpoint } from '../../event-store/checkpoint.ts'
import type { StoredLogPage } from '../../event-store/event-storage.ts'
import { StoreRewoundError } from '../../event-store/store-rewound-error.ts'
import type { StreamId } from '../../event-store/stream-id.ts'
import type { Row } from './database.ts'
import { positionOf, storedEvent } from './stored-row.ts'

/**
 * Reads the rows of `read_all`.
 *
 * @throws {StoreRewoundError} no row says that `after` was found.
 */
export function logPage(rows: readonly Row[], { after, limit }: Asked): StoredLogPage {
  const marks = rows.filter(([mark]) => mark !== null)
  const events = rows
    .slice(0, rows.length - marks.length)
    .map(([, streamId, ...row]) => storedEvent(streamId as StreamId, row))
  const head = placeOf(marks, 'head')
  if (after !== undefined && placeOf(marks, 'after') === undefined)
    throw new StoreRewoundError(after, head)
  const last = events.at(-1)
  const isFull = last !== undefined && events.length >= limit
  const looked = isFull ? { position: last.position, eventId: last.id } : placeOf(marks, 'through')
  return { events, head, through: later(looked, after), isFull }
}

interface Asked {
  readonly after: Checkpoint | undefined
  readonly limit: number
}

function placeOf(marks: readonly Row[], name: string): Checkpoint | undefined {
  const found = marks.find(([mark]) => mark === name)
  if (found === undefined) return undefined
  const [, , , position, eventId] = found as readonly string[]
  return { position: positionOf(position as string), eventId: eventId as string }
}

function later(a: Checkpoint | undefined, b: Checkpoint | undefined): Checkpoint | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a.position >= b.position ? a : b
}
