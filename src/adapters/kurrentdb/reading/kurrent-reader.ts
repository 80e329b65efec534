import type { StreamId } from '../../../event-store/stream-id.ts'
import { errorOf, isInvalidPosition, type Failure } from '../client/failure.ts'
import type {
  KurrentClient,
  KurrentRecordedEvent,
  KurrentResolvedEvent,
} from '../client/kurrent-client.ts'
import { takeEvents, type Reading } from '../client/take-events.ts'
import { KurrentStoredEvent, readPosition } from '../events/stored.ts'

/** A read ends by its last event, or when the server is silent: how long it takes in all depends on who takes the events. */
const WHOLE_READ_MS = 24 * 60 * 60 * 1000

/** The single reads that the adapter is made of. All go to the leader: a follower may lack events that a checkpoint names. */
export class KurrentReader {
  readonly client: KurrentClient
  /** How long the server may be silent. */
  readonly timeoutMs: number
  /** Reads of `@kurrent/kurrentdb-client` cut `created` to whole seconds, its subscriptions do not: an event is to be the same by both ways. */
  readonly #stepMs: number

  constructor(client: KurrentClient, timeoutMs: number) {
    this.client = client
    this.timeoutMs = timeoutMs
    this.#stepMs = 'multiStreamAppend' in client ? 1000 : 1
  }

  /** Gives an event in the port's words. */
  stored(event: KurrentRecordedEvent): KurrentStoredEvent {
    return new KurrentStoredEvent(event, this.#stepMs)
  }

  /** Reads a stream from a revision, inclusive. */
  stream(
    streamId: StreamId,
    range: {
      readonly from: 'start' | 'end' | bigint
      readonly direction: 'forwards' | 'backwards'
      readonly maxCount: number
    },
    take: (resolved: KurrentResolvedEvent) => boolean,
  ): Promise<Reading> {
    const { from: fromRevision, direction, maxCount } = range
    const options = { fromRevision, direction, maxCount, ...OPTIONS }
    return takeEvents(() => this.client.readStream(streamId, options), take, {
      timeoutMs: this.timeoutMs,
      errorOf: (failure) => errorOf(failure, streamId),
    })
  }

  /** Reads the log forwards from a place that has an event, inclusive, or backwards from its end. */
  log(
    range:
      | {
          readonly from: bigint | 'start'
          readonly direction: 'forwards'
          readonly maxCount: number
        }
      | { readonly from: 'end'; readonly direction: 'backwards'; readonly maxCount: number },
    take: (resolved: KurrentResolvedEvent) => boolean,
  ): Promise<Reading> {
    const { from, direction, maxCount } = range
    const fromPosition = typeof from === 'bigint' ? readPosition(from) : from
    const options = { fromPosition, direction, maxCount, ...OPTIONS }
    return takeEvents(() => this.client.readAll(options), take, {
      timeoutMs: this.timeoutMs,
      errorOf: (failure) => logError(failure),
    })
  }

  /** The record at a place in the log; undefined: there is none. */
  async at(position: bigint): Promise<KurrentRecordedEvent | undefined> {
    let found: KurrentRecordedEvent | undefined
    try {
      await this.log({ from: position, direction: 'forwards', maxCount: 1 }, ({ event, link }) => {
        found = link === undefined && event?.position?.commit === position ? event : undefined
        return false
      })
    } catch (error) {
      if (!(error instanceof NoSuchPosition)) throw error
    }
    return found
  }
}

const OPTIONS = { resolveLinkTos: false, requiresLeader: true, deadline: WHOLE_READ_MS } as const

/** No record begins at a position that was read from. */
export class NoSuchPosition extends Error {}

function logError(failure: Failure): Error {
  return isInvalidPosition(failure)
    ? new NoSuchPosition(failure.message, { cause: failure })
    : errorOf(failure, '$all')
}
