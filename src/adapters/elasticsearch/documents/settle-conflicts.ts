import type { Checkpoint } from '../../../event-store/checkpoint.ts'
import { globalPosition } from '../../../event-store/global-position.ts'
import type { Server } from '../server/server.ts'
import type { BulkItem, FoundSource } from './document-source.ts'
import { readSources } from './read-sources.ts'

/** Where documents were found that are further than ours, so many are looked up in the log: the furthest. */
const MOST_LOOKED_UP = 100

interface ConflictTarget {
  readonly index: string
  readonly requireInLog: ((place: Checkpoint) => Promise<void>) | undefined
}

/**
 * Looks at the documents that others are in conflict with. One that contains as much of the log as ours, or more, is as good as written; but only if the log
 * holds its event: a log that was set back gives its positions to other events.
 *
 * @returns those that are not written: nothing is there, or less.
 * @throws {StoreRewoundError} a document was made of an event that the log does not hold.
 */
export async function settleConflicts<Document>(
  server: Server,
  conflicts: readonly BulkItem<Document>[],
  { index, requireInLog }: ConflictTarget,
): Promise<readonly BulkItem<Document>[]> {
  if (conflicts.length === 0) return []
  const ids = conflicts.map(({ id }) => id)
  const found = await readSources(server, { index, ids, fields: 'everfold' })
  const open: BulkItem<Document>[] = []
  const ahead = new Map<bigint, Checkpoint>()
  for (const item of conflicts) {
    const place = placeOf(found.get(item.id))
    const { position, eventId } = item.write
    if (place === undefined || place.position < position) open.push(item)
    else if (place.position > position || place.eventId !== (eventId ?? ''))
      ahead.set(place.position, place)
  }
  const furthest = [...ahead.values()]
    .toSorted((one, other) => (one.position > other.position ? -1 : 1))
    .slice(0, MOST_LOOKED_UP)
  for (const place of furthest) if (place.eventId !== '') await requireInLog?.(place)
  return open
}

function placeOf(found: FoundSource | undefined): Checkpoint | undefined {
  if (found === undefined) return undefined
  const { position, eventId } = found._source.everfold
  return { position: globalPosition(position), eventId }
}
