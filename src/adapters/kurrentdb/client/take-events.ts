import { endCall } from './end-call.ts'
import { asFailure, isHealing, type Failure } from './failure.ts'
import type { KurrentResolvedEvent } from './kurrent-client.ts'

/** How a read ended: it came to its end, its taker had enough, or there is no such stream. */
export type Reading = 'ended' | 'stopped' | 'not-found'

/**
 * Reads events through a client until the call ends or `take` has enough, and leaves no call open. A call that failed before its first event is made once more
 * where the client heals itself with the next one.
 *
 * @param open makes the call; it may throw.
 * @param take gives false when it has enough. What it throws is passed on.
 * @param limits.timeoutMs how long the server may be silent.
 * @param limits.errorOf makes the error of a failed call.
 */
export async function takeEvents(
  open: () => AsyncIterable<KurrentResolvedEvent>,
  take: (resolved: KurrentResolvedEvent) => boolean,
  { timeoutMs, errorOf }: ReadLimits,
): Promise<Reading> {
  const progress = { hasTaken: false }
  for (let attempt = 1; ; attempt++)
    try {
      return await readOnce(
        open,
        (resolved) => {
          progress.hasTaken = true
          return take(resolved)
        },
        timeoutMs,
      )
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error
      const { failure } = error
      if (failure.type === 'stream-not-found') return 'not-found'
      if (progress.hasTaken || attempt === 2 || !isHealing(failure)) throw errorOf(failure)
    }
}

export interface ReadLimits {
  readonly timeoutMs: number
  readonly errorOf: (failure: Failure) => Error
}

/** The call failed, not the taker. */
class CallFailed extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}

async function readOnce(
  open: () => AsyncIterable<KurrentResolvedEvent>,
  take: (resolved: KurrentResolvedEvent) => boolean,
  timeoutMs: number,
): Promise<Reading> {
  const silence = new Silence(timeoutMs)
  let stream: Cancellable | undefined
  let iterator: AsyncIterator<KurrentResolvedEvent> | undefined
  let hasEnded = false
  const next = async (): Promise<IteratorResult<KurrentResolvedEvent>> => {
    try {
      if (iterator === undefined) {
        stream = open()
        // An error that comes after the last event was taken has nobody else to hear it.
        stream.on?.('error', ignore)
        iterator = stream[Symbol.asyncIterator]()
      }
      return await Promise.race([iterator.next(), silence.broken])
    } catch (error) {
      hasEnded = !silence.isBroken
      throw new CallFailed(asFailure(error))
    }
  }
  try {
    for (;;) {
      const { done, value } = (await next()) as IteratorResult<KurrentResolvedEvent, undefined>
      silence.isOver()
      hasEnded = done === true
      if (done === true) return 'ended'
      if (take(value)) continue
      hasEnded = await endsSoon(next)
      return 'stopped'
    }
  } finally {
    silence.end()
    if (!hasEnded) cancel(stream, iterator)
  }
}

/** Events that a stopped read may still bring before it is cancelled. */
const LEFT_OVER = 32

/** Lets a call end that has little left: a connection on which many calls are cancelled is closed, by HTTP/2's guard against resets. */
async function endsSoon(
  next: () => Promise<IteratorResult<KurrentResolvedEvent>>,
): Promise<boolean> {
  for (let left = 0; left < LEFT_OVER; left++) {
    const { done } = await next().catch(() => ({ done: true }))
    if (done === true) return true
  }
  return false
}

/** A read of `@eventstore/db-client` has `cancel`; one of the other client ends by itself. */
interface Cancellable extends AsyncIterable<KurrentResolvedEvent> {
  readonly cancel?: () => Promise<void>
  readonly on?: (event: 'error', listener: () => void) => unknown
}

function cancel(
  stream: Cancellable | undefined,
  iterator: AsyncIterator<unknown> | undefined,
): void {
  if (stream?.cancel === undefined) iterator?.return?.().catch(ignore)
  else endCall(() => stream.cancel?.() ?? Promise.resolve(), iterator)
}

const ignore = (): void => undefined

/** Breaks when nothing has come for too long: a client waits for ever. */
class Silence {
  /** Never resolves. */
  readonly broken: Promise<never>
  isBroken = false
  readonly #timer: NodeJS.Timeout

  constructor(timeoutMs: number) {
    let breaks: (failure: Failure) => void = ignore
    this.broken = new Promise<never>((_, reject) => {
      breaks = reject
    })
    this.broken.catch(ignore)
    this.#timer = setTimeout(() => {
      this.isBroken = true
      breaks(silentFor(timeoutMs))
    }, timeoutMs)
  }

  isOver(): void {
    this.#timer.refresh()
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}

/** What is known of a server that says nothing. */
export function silentFor(timeoutMs: number): Failure {
  const type = 'deadline-exceeded'
  return Object.assign(new Error(`It has said nothing for ${timeoutMs} ms`), { type })
}
