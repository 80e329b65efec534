import { callAgain, CallFailed, type Take } from './call-again.ts'
import { asFailure, type Failure } from './failure.ts'
import type { KurrentResolvedEvent } from './kurrent-client.ts'

/** How a read ended: it came to its end, its taker had enough, or there is no such stream. */
export type Reading = 'ended' | 'stopped' | 'not-found'

/**
 * Reads events through a client, as `callAgain` does, until the call ends or `take` has enough, and leaves no call open.
 *
 * @param open makes the call; it may throw.
 * @param take gives false when it has enough. What it throws is passed on.
 * @param limits.timeoutMs how long the server may be silent.
 * @param limits.errorOf makes the error of a failed call.
 */
export async function takeEvents(
  open: () => AsyncIterable<KurrentResolvedEvent>,
  take: Take,
  { timeoutMs, errorOf }: ReadLimits,
): Promise<Reading> {
  return callAgain((taking) => readOnce(open, taking, timeoutMs), take, errorOf)
}

export interface ReadLimits {
  readonly timeoutMs: number
  readonly errorOf: (failure: Failure) => Error
}

async function readOnce(
  open: () => AsyncIterable<KurrentResolvedEvent>,
  take: Take,
  timeoutMs: number,
): Promise<Reading> {
  try {
    const events = opened(open)
    return await (isFlowing(events)
      ? takeFlowing(events, take, timeoutMs)
      : takePulled(events, take, timeoutMs))
  } catch (error) {
    if (error instanceof CallFailed && error.failure.type === 'stream-not-found') return 'not-found'
    throw error
  }
}

function opened<Events>(open: () => Events): Events {
  try {
    return open()
  } catch (error) {
    throw new CallFailed(asFailure(error))
  }
}

/** A read of `@eventstore/db-client` is a Node stream with `cancel`; one of the other client is a generator, and ends by itself. */
interface FlowingRead {
  on(event: 'data', listener: (resolved: KurrentResolvedEvent) => void): unknown
  on(event: 'end' | 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
  cancel(): Promise<void>
}

function isFlowing(events: object): events is FlowingRead {
  return 'cancel' in events && 'on' in events
}

/** Events that a stopped read may still bring before it is cancelled: a connection on which many calls are cancelled is closed, by HTTP/2's guard against resets. */
const LEFT_OVER = 32

/** Takes events as they flow, which costs a third of pulling them. What comes after the taker had enough flows away: a call whose end nobody reads keeps its client from being disposed of. */
function takeFlowing(read: FlowingRead, take: Take, timeoutMs: number): Promise<Reading> {
  return new Promise((resolve, reject) => {
    let isOver = false
    let leftOver = 0
    const end = (settle: () => void): void => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      settle()
    }
    const fail = (error: Error): void => {
      end(() => {
        reject(error)
      })
    }
    const cancel = (): void => {
      read.cancel().catch(ignore)
    }
    const timer = setTimeout(() => {
      fail(new CallFailed(silentFor(timeoutMs)))
      cancel()
    }, timeoutMs)
    read.on('data', (resolved) => {
      if (isOver) {
        if (++leftOver === LEFT_OVER) cancel()
        return
      }
      timer.refresh()
      try {
        if (take(resolved)) return
        end(() => {
          resolve('stopped')
        })
      } catch (error) {
        fail(error as Error)
        cancel()
      }
    })
    read.on('end', () => {
      end(() => {
        resolve('ended')
      })
    })
    read.on('error', (error) => {
      fail(new CallFailed(asFailure(error)))
    })
    read.on('close', () => {
      fail(new CallFailed(asFailure(new Error('The read was closed'))))
    })
  })
}

async function takePulled(
  events: AsyncIterable<KurrentResolvedEvent>,
  take: Take,
  timeoutMs: number,
): Promise<Reading> {
  const silence = new Silence(timeoutMs)
  const iterator = events[Symbol.asyncIterator]()
  const failed = (error: unknown): never => {
    throw new CallFailed(asFailure(error))
  }
  let isWanted = true
  try {
    for (;;) {
      const { done, value } = (await Promise.race([iterator.next(), silence.broken]).catch(
        failed,
      )) as IteratorResult<KurrentResolvedEvent, undefined>
      if (done === true) return 'ended'
      silence.isOver()
      isWanted = false
      if (!take(value)) return 'stopped'
      isWanted = true
    }
  } finally {
    silence.end()
    if (!isWanted) drain(iterator, timeoutMs).catch(ignore)
    else iterator.return?.().catch(ignore)
  }
}

/**
 * Lets the rest of a read flow away. It cannot be cancelled, and while nobody takes its events, they fill the window that all calls of the connection share: after a
 * few such reads nothing comes any more, until the garbage collector finds them.
 */
async function drain(
  iterator: AsyncIterator<KurrentResolvedEvent>,
  timeoutMs: number,
): Promise<void> {
  const silence = new Silence(timeoutMs, { isWaitedFor: false })
  try {
    while ((await Promise.race([iterator.next(), silence.broken])).done !== true) silence.isOver()
  } finally {
    silence.end()
  }
}

const ignore = (): void => undefined

/** Breaks when nothing has come for too long: a client waits for ever. */
class Silence {
  /** Never resolves. */
  readonly broken: Promise<never>
  readonly #timer: NodeJS.Timeout

  /** @param options.isWaitedFor whether the process is to stay alive for it. Default true. */
  constructor(timeoutMs: number, { isWaitedFor = true }: { readonly isWaitedFor?: boolean } = {}) {
    let breaks: (failure: Failure) => void = ignore
    this.broken = new Promise<never>((_, reject) => {
      breaks = reject
    })
    this.broken.catch(ignore)
    this.#timer = setTimeout(() => {
      breaks(silentFor(timeoutMs))
    }, timeoutMs)
    if (!isWaitedFor) this.#timer.unref()
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
