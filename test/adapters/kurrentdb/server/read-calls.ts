import { once } from 'node:events'
import type { ServerWritableStream } from '@grpc/grpc-js'
import type { EventLog } from './event-log.ts'
import { statusOf, withTrailers, type Fault } from './faults.ts'
import type { GeneratedCode } from './generated-code.ts'
import type { LogEvent } from './log-event.ts'
import { nameIn, type Messages } from './messages.ts'
import type { StreamsPb } from './protocol.ts'
import { eventsToRead, InvalidPosition } from './read-range.ts'

export type ReadCall = ServerWritableStream<StreamsPb.ReadReq, StreamsPb.ReadResp>

/** Sends on a read call, at the pace of its reader, until it is cancelled or its fault strikes. */
export class Sender {
  readonly call: ReadCall
  readonly #fault: Fault | undefined
  readonly #code: GeneratedCode
  #sent = 0
  #isStruck = false

  constructor(call: ReadCall, fault: Fault | undefined, code: GeneratedCode) {
    this.call = call
    this.#fault = fault
    this.#code = code
  }

  /** Nothing may be sent any more. */
  get isOver(): boolean {
    return this.call.cancelled || this.#isStruck
  }

  async event(message: StreamsPb.ReadResp): Promise<void> {
    if (this.strike()) return
    await this.message(message)
    this.#sent++
  }

  async message(message: StreamsPb.ReadResp): Promise<void> {
    if (this.isOver || this.call.write(message)) return
    const stop = new AbortController()
    const { signal } = stop
    await Promise.race([
      once(this.call, 'drain', { signal }),
      once(this.call, 'cancelled', { signal }),
    ]).finally(() => {
      stop.abort()
    })
  }

  /** Lets the fault strike when its moment has come. */
  strike(): boolean {
    const fault = this.#fault
    if (fault === undefined || !('after' in fault) || fault.after !== this.#sent) return this.isOver
    this.#isStruck = true
    if (fault.kind === 'end') this.call.end()
    const status = statusOf(fault, this.#code)
    if (status !== undefined) this.fail(status)
    return true
  }

  end(): void {
    if (!this.isOver) this.call.end()
  }

  fail(status: object): void {
    if (!this.call.cancelled) this.call.emit('error', Object.assign(new Error(), status))
  }
}

/** Answers a finite read. */
export async function answerRead(
  sender: Sender,
  { log, code, messages }: ReadService,
): Promise<void> {
  const options = sender.call.request.getOptions() as StreamsPb.ReadReq.Options
  const name = nameIn(options.getStream()?.getStreamIdentifier())
  if (options.hasStream() && log.stream(name).isTombstoned) {
    sender.fail(streamDeleted(code, name))
    return
  }
  if (options.hasStream() && !log.stream(name).exists) {
    await sender.message(messages.streamNotFound(name))
    sender.end()
    return
  }
  for (const event of readable(sender, { log, code }, options)) {
    await sender.event(resolved(event, { log, messages, options }))
    if (sender.isOver) return
  }
  if (!sender.strike()) sender.end()
}

export interface ReadService {
  readonly log: EventLog
  readonly code: GeneratedCode
  readonly messages: Messages
}

function readable(
  sender: Sender,
  { log, code }: Pick<ReadService, 'log' | 'code'>,
  options: StreamsPb.ReadReq.Options,
): readonly LogEvent[] {
  try {
    return eventsToRead(log, options)
  } catch (error) {
    if (!(error instanceof InvalidPosition)) throw error
    sender.fail({ code: code.grpc.status.INVALID_ARGUMENT, details: 'Invalid position' })
    return []
  }
}

/** Links `$>` name their target as `revision@stream` (facts 2.2). */
export function resolved(
  event: LogEvent,
  of: Pick<ReadService, 'log' | 'messages'> & { readonly options: StreamsPb.ReadReq.Options },
): StreamsPb.ReadResp {
  const { log, messages, options } = of
  if (event.type !== '$>' || !options.getResolveLinks()) return messages.event(event)
  const [revision = '', ...stream] = Buffer.from(event.data).toString('utf8').split('@')
  const target = log
    .visible(stream.join('@'))
    .find((candidate) => candidate.revision === BigInt(revision))
  return target === undefined ? messages.danglingLink(event) : messages.event(target, event)
}

/** A tombstoned stream is a status with the stream's name in its trailers (facts 5). */
export function streamDeleted(code: GeneratedCode, name: string): object {
  return withTrailers(code.grpc, {
    code: code.grpc.status.FAILED_PRECONDITION,
    details: `Event stream '${name}' is deleted.`,
    trailers: { exception: 'stream-deleted', 'stream-name': name },
  })
}
