import { OutcomeUnknownError } from '../../../event-store/outcome-unknown-error.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'
import { appendOutcome, errorOf, type Failure } from '../client/failure.ts'
import { AppendTooLargeError } from '../errors/append-too-large-error.ts'
import { KurrentUnavailableError } from '../errors/kurrent-unavailable-error.ts'
import { ServerTooOldError } from '../errors/server-too-old-error.ts'
import { StreamTombstonedError } from '../errors/stream-tombstoned-error.ts'

/** Whether a stream was not as an append expected it. */
export function isConflict({ type }: Failure): boolean {
  return type === 'wrong-expected-version' || type === 'append-consistency-violation'
}

const TOO_LARGE = new Set([
  'maximum-append-size-exceeded',
  'append-record-size-exceeded',
  'transaction-max-size-exceeded',
])

/**
 * The error that a failed append gives its caller.
 *
 * @param streamIds the streams of the append; one that the failure names comes before the others.
 */
export function appendError(failure: Failure, streamIds: readonly StreamId[]): Error {
  if (failure instanceof TypeError) return failure
  const facts = failure as Failure & FailureFacts
  const { type } = facts
  const options = { cause: failure }
  const streamId = (streamIds.find((id) => id === facts.stream) ?? streamIds[0]) as StreamId
  if (type !== undefined && TOO_LARGE.has(type))
    return new AppendTooLargeError(streamId, facts.maxAppendSize ?? facts.maxSize, options)
  if (type === 'stream-tombstoned') return new StreamTombstonedError(streamId, options)
  if (type === 'unsupported')
    return new ServerTooOldError(
      facts.minimumVersion === SEVERAL_STREAMS
        ? 'appends to several streams at once'
        : 'a check of a stream that gets no events, beside appends to others',
      facts.minimumVersion ?? SEVERAL_STREAMS,
      options,
    )
  const outcome = appendOutcome(failure)
  if (outcome === 'unknown') return new OutcomeUnknownError(streamIds, options)
  if (outcome === 'not-written') return new KurrentUnavailableError(options)
  return errorOf(failure, streamId)
}

/** First version of the server that appends to several streams at once. */
const SEVERAL_STREAMS = '25.1'

/** What the clients' errors of several kinds tell beside their message. */
interface FailureFacts {
  readonly stream?: string
  /** In bytes. */
  readonly maxAppendSize?: number
  /** In bytes. */
  readonly maxSize?: number
  readonly minimumVersion?: string
}
