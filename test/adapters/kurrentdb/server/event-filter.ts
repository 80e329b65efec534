import type { StreamsPb } from './protocol.ts'
import type { LogEvent } from './log-event.ts'

export type EventFilter = (event: LogEvent) => boolean

/** The filter of a read or subscription: by prefixes or one regular expression, of stream names or event types, never both (facts 2.3). */
export function eventFilter(options: StreamsPb.ReadReq.Options): EventFilter | undefined {
  const filter = options.getFilter()
  if (filter === undefined) return undefined
  const byStream = filter.getStreamIdentifier()
  const expression = byStream ?? filter.getEventType()
  if (expression === undefined) return undefined
  const nameOf: (event: LogEvent) => string =
    byStream === undefined ? ({ type }) => type : ({ stream }) => stream
  const prefixes = expression.getPrefixList()
  if (prefixes.length > 0)
    return (event) => prefixes.some((prefix) => nameOf(event).startsWith(prefix))
  const pattern = new RegExp(expression.getRegex(), 'u')
  return (event) => pattern.test(nameOf(event))
}
