import type { LogPage } from '../../event-store/event-reader.ts'

/** Claims that may bring a lane no further before its pages are cut smaller. */
const PATIENCE = 2

/**
 * Takes the first part of a page, smaller than the whole where a lane's last claims brought it no further: perhaps a commit of a whole page takes longer than
 * the lease. Each claim beyond the second halves it. Events of one position stay together.
 */
export function cutPage(
  page: LogPage,
  barrenClaims: number,
): readonly [first: LogPage, rest: LogPage | undefined] {
  const { events, through } = page
  let end = Math.max(1, events.length >> Math.max(0, barrenClaims - PATIENCE))
  while (end < events.length && events[end]?.position === events[end - 1]?.position) end++
  const last = events[end - 1]
  if (end >= events.length || last === undefined) return [page, undefined]
  const place = { position: last.position, eventId: last.id }
  return [
    { events: events.slice(0, end), through: place },
    { events: events.slice(end), through },
  ]
}
