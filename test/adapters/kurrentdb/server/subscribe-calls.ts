import { randomUUID } from 'node:crypto'
import { eventFilter } from './event-filter.ts'
import type { LogEvent } from './log-event.ts'
import { nameIn } from './messages.ts'
import type { StreamsPb } from './protocol.ts'
import { resolved, type ReadService, type Sender } from './read-calls.ts'
import { indexAfter } from './read-range.ts'

/** Events that a filter considers between two looks at the checkpoint interval, unless the client says otherwise (facts 2.3). */
const DEFAULT_SEARCH_WINDOW = 32

/** Answers a catch-up subscription: after its start, exclusive, and then whatever is written, until it is cancelled (facts 2.3). */
export async function answerSubscription(
  sender: Sender,
  service: ReadService & { readonly tellsCaughtUp: boolean },
): Promise<void> {
  const { log, messages } = service
  const options = sender.call.request.getOptions() as StreamsPb.ReadReq.Options
  const matches = matcher(options)
  const checkpoints = new Checkpoints(options)
  await sender.message(messages.confirmation(randomUUID()))
  let next = startOf(log.events, options)
  let isLive = false
  while (!sender.strike()) {
    const event = log.events[next]
    if (event === undefined && isLive) {
      await written(sender, service)
      continue
    }
    if (event === undefined) {
      const position = log.events[next - 1]?.position ?? 0n
      if (options.hasFilter()) await sender.message(messages.checkpoint(position))
      if (service.tellsCaughtUp) await sender.message(messages.caughtUp())
      isLive = true
      continue
    }
    next++
    if (matches(event)) await sender.event(resolved(event, { ...service, options }))
    if (checkpoints.isDueAfter()) await sender.message(messages.checkpoint(event.position))
  }
}

/** Counts the events that a filter considered: a checkpoint comes every `checkpointInterval * (maxSearchWindow ?? 32)` of them (facts 2.3). */
class Checkpoints {
  readonly #every: number
  #considered = 0

  constructor(options: StreamsPb.ReadReq.Options) {
    const filter = options.getFilter()
    const window = filter?.hasMax() === true ? filter.getMax() : DEFAULT_SEARCH_WINDOW
    this.#every =
      filter === undefined ? Infinity : filter.getCheckpointintervalmultiplier() * window
  }

  isDueAfter(): boolean {
    this.#considered = (this.#considered + 1) % this.#every
    return this.#considered === 0
  }
}

function matcher(options: StreamsPb.ReadReq.Options): (event: LogEvent) => boolean {
  if (!options.hasStream()) return eventFilter(options) ?? (() => true)
  const name = nameIn(options.getStream()?.getStreamIdentifier())
  return ({ stream }) => stream === name
}

/** Index of the first event after the start. */
function startOf(events: readonly LogEvent[], options: StreamsPb.ReadReq.Options): number {
  const stream = options.getStream()
  if ((stream ?? options.getAll())?.hasEnd() === true) return events.length
  if (stream?.hasRevision() === true) {
    const name = nameIn(stream.getStreamIdentifier())
    const after = BigInt(stream.getRevision())
    const first = events.findIndex((event) => event.stream === name && event.revision > after)
    return first < 0 ? events.length : first
  }
  const position = options.getAll()?.getPosition()
  return position === undefined ? 0 : indexAfter(events, BigInt(position.getCommitPosition()))
}

function written(sender: Sender, { log }: ReadService): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      forget()
      sender.call.off('cancelled', done)
      resolve()
    }
    const forget = log.onWritten(done)
    sender.call.once('cancelled', done)
    if (sender.call.cancelled) done()
  })
}
