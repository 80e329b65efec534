import { AccessDeniedError } from '../errors/access-denied-error.ts'
import { KurrentError } from '../errors/kurrent-error.ts'
import { KurrentUnavailableError } from '../errors/kurrent-unavailable-error.ts'
import { StreamTombstonedError } from '../errors/stream-tombstoned-error.ts'
import type { EverfoldError } from '../../../errors.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'

/** What both clients tell of an error: never `instanceof`, their classes are not ours to know. */
export interface Failure extends Error {
  /** The kind of error in the clients' words, the same in both; missing where gRPC's own error comes through. */
  readonly type?: string
  /** gRPC status. */
  readonly code?: number
}

const CANCELLED = 1
const UNKNOWN = 2
const INVALID_ARGUMENT = 3
const DEADLINE_EXCEEDED = 4
const RESOURCE_EXHAUSTED = 8
const ABORTED = 10
const INTERNAL = 13
const UNAVAILABLE = 14

/** Kinds after which the client finds its way with the next call. */
const HEALING = new Set(['unavailable', 'not-leader', 'cancelled'])

const PASSING = new Set([...HEALING, 'timeout', 'deadline-exceeded'])

/** The server was there and did nothing. */
const NOT_READY = /server is (not ready|busy|too busy)/i

const NO_CONNECTION = /no connection established|name resolution failed|ECONNREFUSED|ENOTFOUND/i

/** Statuses that can come when the server did its work and only the answer was lost. */
const LOST = new Set([
  CANCELLED,
  DEADLINE_EXCEEDED,
  RESOURCE_EXHAUSTED,
  ABORTED,
  INTERNAL,
  UNAVAILABLE,
])

/** How the native part of `@kurrent/kurrentdb-client` spells the statuses that it does not map: it gives no code. */
const SPELT: readonly (readonly [text: string, code: number])[] = [
  ['The operation was cancelled', CANCELLED],
  ['Client specified an invalid argument', INVALID_ARGUMENT],
  ['Deadline expired', DEADLINE_EXCEEDED],
  ['Some resource has been exhausted', RESOURCE_EXHAUSTED],
  ['The operation was aborted', ABORTED],
  ['Internal error', INTERNAL],
  ['The service is currently unavailable', UNAVAILABLE],
]

export function asFailure(error: unknown): Failure {
  const failure: Failure = isErrorLike(error) ? error : new Error(String(error), { cause: error })
  if (failure.code !== undefined) return failure
  const [, code] = SPELT.find(([text]) => failure.message.includes(`code: ${text}`)) ?? []
  return code === undefined ? failure : new SpeltFailure(failure, code)
}

/** Also of another realm. */
function isErrorLike(error: unknown): error is Failure {
  return typeof error === 'object' && error !== null && 'message' in error
}

class SpeltFailure extends Error implements Failure {
  readonly type = 'unknown'
  readonly code: number

  constructor(failure: Failure, code: number) {
    super(failure.message, { cause: failure })
    this.code = code
  }
}

/** Whether the same call, made again at once, finds another connection or the leader. */
export function isHealing({ type, code }: Failure): boolean {
  if (type === undefined || type === 'unknown') return code === UNAVAILABLE || code === CANCELLED
  return HEALING.has(type)
}

/** Whether the failure says that a position has no event: a log that was set back, or another one. */
export function isInvalidPosition({ type, code, message }: Failure): boolean {
  return (
    type === 'invalid-argument' || code === INVALID_ARGUMENT || /invalid position/i.test(message)
  )
}

/** What an append that failed has written: nothing, or nobody knows. */
export function appendOutcome(failure: Failure): 'not-written' | 'unknown' | 'refused' {
  const { type, code, message } = failure
  if (type === 'not-leader' || NOT_READY.test(message)) return 'not-written'
  const isPassing = type === undefined ? code === UNAVAILABLE : PASSING.has(type)
  if (isPassing) return NO_CONNECTION.test(message) ? 'not-written' : 'unknown'
  // Without a code it is the server's word, on the batch path, that it does not know either.
  const isLost = code === undefined || code === UNKNOWN || LOST.has(code)
  return type === 'unknown' && isLost ? 'unknown' : 'refused'
}

/** The error that a failed call gives its caller, where nothing was to be written. */
export function errorOf(failure: Failure, subject: StreamId | '$all'): EverfoldError {
  const { type, code, message } = failure
  const options = { cause: failure }
  const canPass =
    type === undefined || type === 'unknown'
      ? NOT_READY.test(message) || (code !== undefined && LOST.has(code))
      : PASSING.has(type)
  if (canPass) return new KurrentUnavailableError(options)
  if (type === 'access-denied') return new AccessDeniedError(subject, options)
  if (type === 'stream-deleted' && subject !== '$all')
    return new StreamTombstonedError(subject, options)
  return new KurrentError(
    `KurrentDB refused a call on '${subject}': ${message}. Trying again does not help; see the cause.`,
    { ...options, ...(type !== undefined && { type }) },
  )
}
