import type { Checkpoint } from '../../../event-store/checkpoint.ts'
import { callAgain, CallFailed, type Take } from '../client/call-again.ts'
import { asFailure, errorOf } from '../client/failure.ts'
import type {
  KurrentFilter,
  KurrentResolvedEvent,
  KurrentSubscription,
} from '../client/kurrent-client.ts'
import { endCall } from '../client/end-call.ts'
import { silentFor } from '../client/take-events.ts'
import { readPosition } from '../events/stored.ts'
import type { KurrentReader } from './kurrent-reader.ts'

/** Records that the server looks at between two checkpoints: so often it tells that it is still looking. */
const SEARCH_WINDOW = 1000

/**
 * Reads the events after a place that a filter of the server lets through, as far as `to`, by a subscription that is ended then: of a read, neither old servers nor the
 * older client can filter. A call that failed is made again as `callAgain` does.
 *
 * @param take gives false when it has enough.
 * @returns whether all as far as `to` came; false: `take` had enough.
 */
export async function filteredRead(
  reader: KurrentReader,
  range: FilteredRange,
  take: Take,
): Promise<boolean> {
  return callAgain(
    (taking) => readOnce(reader, range, taking),
    take,
    (failure) => errorOf(failure, '$all'),
  )
}

interface FilteredRange {
  readonly after: Checkpoint | undefined
  readonly to: bigint
  readonly prefixes: Pick<KurrentFilter, 'filterOn'> & { readonly prefixes: string[] }
}

async function readOnce(reader: KurrentReader, range: FilteredRange, take: Take): Promise<boolean> {
  const looked = new LookedThrough(range.to, reader.timeoutMs)
  let subscription: KurrentSubscription | undefined
  let events: AsyncIterator<KurrentResolvedEvent> | undefined
  try {
    subscription = reader.client.subscribeToAll({
      fromPosition: range.after === undefined ? 'start' : readPosition(range.after.position),
      resolveLinkTos: false,
      requiresLeader: true,
      filter: {
        ...range.prefixes,
        checkpointInterval: 1,
        maxSearchWindow: SEARCH_WINDOW,
        // Awaited by the client, and an error thrown here would stall it for ever.
        checkpointReached: async (_, { commit }) => {
          looked.at(commit)
        },
      },
    })
    subscription.on('caughtUp', () => {
      looked.toTheEnd()
    })
    subscription.on('error', ignore)
    events = subscription[Symbol.asyncIterator]()
    return await pull(events, { to: range.to, looked }, take)
  } finally {
    looked.end()
    if (subscription !== undefined) endCall(subscription.unsubscribe.bind(subscription), events)
  }
}

async function pull(
  events: AsyncIterator<KurrentResolvedEvent>,
  { to, looked }: { readonly to: bigint; readonly looked: LookedThrough },
  take: Take,
): Promise<boolean> {
  let coming = nextOf(events)
  for (;;) {
    const next = await arrived(coming, looked.whole)
    // The server has told that nothing more comes, but what came before may still be in the client's buffer.
    if (next === undefined && (await arrived(coming, nextRound())) === undefined) return true
    const { done, value } = await coming
    // A server that ends the call does so without an error.
    if (done === true) failed(ended())
    const position = value.event?.position?.commit ?? 0n
    if (position > to) return true
    looked.heard()
    if (!take(value)) return false
    if (position === to) return true
    coming = nextOf(events)
  }
}

/** The event that comes next. Nobody need wait for it. */
function nextOf(
  events: AsyncIterator<KurrentResolvedEvent>,
): Promise<IteratorResult<KurrentResolvedEvent, undefined>> {
  const coming = events.next().catch(failed)
  coming.catch(ignore)
  return coming
}

function failed(error: unknown): never {
  throw new CallFailed(asFailure(error))
}

const ended = (): Error =>
  Object.assign(new Error('It has ended the call'), { type: 'unavailable' })

/** What comes first: the event, or undefined for the other one. */
function arrived<Event>(
  event: Promise<Event>,
  other: Promise<undefined>,
): Promise<Event | undefined> {
  return Promise.race([event, other])
}

/** After all that is due now: an event that the client holds has arrived then. */
function nextRound(): Promise<undefined> {
  return new Promise((resolve) => {
    setImmediate(() => {
      resolve(undefined)
    })
  })
}

const ignore = (): void => undefined

/** How far the server has looked, whether anything matched or not. */
class LookedThrough {
  /** Resolves when it has looked as far as was asked for; rejects when it has said nothing for too long. */
  readonly whole: Promise<undefined>
  readonly #to: bigint
  readonly #timer: NodeJS.Timeout
  #resolve: (_: undefined) => void = ignore

  constructor(to: bigint, timeoutMs: number) {
    this.#to = to
    let reject: (error: Error) => void = ignore
    this.whole = new Promise((resolvePromise, rejectPromise) => {
      this.#resolve = resolvePromise
      reject = rejectPromise
    })
    this.whole.catch(ignore)
    this.#timer = setTimeout(() => {
      reject(new CallFailed(silentFor(timeoutMs)))
    }, timeoutMs)
  }

  at(position: bigint): void {
    this.heard()
    if (position >= this.#to) this.toTheEnd()
  }

  toTheEnd(): void {
    this.#resolve(undefined)
  }

  heard(): void {
    this.#timer.refresh()
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
