import type { EventLog } from './event-log.ts'
import { eventFilter } from './event-filter.ts'
import type { LogEvent } from './log-event.ts'
import { nameIn } from './messages.ts'
import type { StreamsPb } from './protocol.ts'

/** A read position that no event has: the real server finds no record there. */
export class InvalidPosition extends Error {}

/** The events that a finite read gives, inclusive of its start (facts 2.2). */
export function eventsToRead(
  log: EventLog,
  options: StreamsPb.ReadReq.Options,
): readonly LogEvent[] {
  const isBackwards = (options.getReadDirection() as number) === BACKWARDS
  const found = options.hasStream()
    ? ofStream(log, options, isBackwards)
    : ofLog(log, options, isBackwards)
  const count = BigInt(options.getCount())
  return count > BigInt(found.length) ? found : found.slice(0, Number(count))
}

const BACKWARDS = 1

function ofStream(
  log: EventLog,
  options: StreamsPb.ReadReq.Options,
  isBackwards: boolean,
): readonly LogEvent[] {
  const stream = options.getStream()
  const events = log.visible(nameIn(stream?.getStreamIdentifier()))
  if (stream?.hasRevision() === true) {
    const from = BigInt(stream.getRevision())
    return isBackwards
      ? events.filter(({ revision }) => revision <= from).reverse()
      : events.filter(({ revision }) => revision >= from)
  }
  return whole(events, { isBackwards, fromEnd: stream?.hasEnd() === true })
}

function ofLog(
  log: EventLog,
  options: StreamsPb.ReadReq.Options,
  isBackwards: boolean,
): readonly LogEvent[] {
  const all = options.getAll()
  const matches = eventFilter(options) ?? (() => true)
  const position = all?.getPosition()
  if (position === undefined)
    return whole(log.events, { isBackwards, fromEnd: all?.hasEnd() === true }).filter(matches)
  // What stands before a position is nothing that the adapter reads, so nothing is known of it.
  if (isBackwards) throw new TypeError('Reading $all backwards from a position is not built.')
  const from = BigInt(position.getCommitPosition())
  const first = indexAfter(log.events, from - 1n)
  const found = log.events[first]
  if (found !== undefined && found.position !== from) throw new InvalidPosition(String(from))
  return log.events.slice(first).filter(matches)
}

function whole(
  events: readonly LogEvent[],
  { isBackwards, fromEnd }: { readonly isBackwards: boolean; readonly fromEnd: boolean },
): readonly LogEvent[] {
  if (isBackwards) return fromEnd ? events.toReversed() : []
  return fromEnd ? [] : events
}

/** Index of the first event after a position. */
export function indexAfter(events: readonly LogEvent[], position: bigint): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((events[middle] as LogEvent).position > position) high = middle
    else low = middle + 1
  }
  return low
}
