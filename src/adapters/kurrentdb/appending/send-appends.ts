import type { StorageAppend } from '../../../event-store/event-storage.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'
import { asFailure } from '../client/failure.ts'
import type {
  KurrentClient,
  KurrentExpectation,
  KurrentFlatEventData,
  KurrentMultiAppendResult,
} from '../client/kurrent-client.ts'
import { sealFlat } from '../events/envelope.ts'
import { appendError, isConflict } from './append-failure.ts'
import { eventData } from './send-append.ts'
import { withinTime } from './within-time.ts'

/** One stream's part of an append to several. */
export interface Part {
  readonly append: StorageAppend
  readonly expectation: KurrentExpectation
}

/**
 * Sends appends to several streams in one commit, once.
 *
 * @returns the version of each stream that got events; undefined: a stream was not as expected, and nothing was written.
 * @throws {OutcomeUnknownError | KurrentUnavailableError} as `sendAppend` does.
 * @throws {ServerTooOldError} the server lacks it.
 */
export async function sendAppends(
  client: KurrentClient,
  parts: readonly Part[],
  timeoutMs: number,
): Promise<ReadonlyMap<string, number> | undefined> {
  try {
    const { responses } = await withinTime(send(client, parts), timeoutMs)
    return new Map(
      responses.map(({ streamName, revision }) => [streamName, Number(revision) + 1] as const),
    )
  } catch (error) {
    const failure = asFailure(error)
    if (isConflict(failure)) return undefined
    throw appendError(failure, parts.map(streamIdOf))
  }
}

/** A call that appends to streams has no place for one that gets no events: another call, of later servers, has checks. */
async function send(
  client: KurrentClient,
  parts: readonly Part[],
): Promise<KurrentMultiAppendResult> {
  const isCheckOnly = parts.some(({ append }) => append.events.length === 0)
  if (!isCheckOnly && client.multiStreamAppend !== undefined)
    return client.multiStreamAppend(
      parts.map(({ append, expectation: expectedState }) => ({
        streamName: append.streamId,
        events: append.events.map(flatEventData),
        expectedState,
      })),
    )
  if (client.appendRecords !== undefined)
    return client.appendRecords(parts.flatMap(recordsOf), parts.flatMap(checksOf))
  throw new TypeError(
    'The client has no appendRecords, which checks a stream that gets no events. Use @kurrent/kurrentdb-client 1.3 or later.',
  )
}

const recordsOf = ({ append }: Part) =>
  append.events.map((event) => ({ streamName: append.streamId, record: flatEventData(event) }))

function checksOf({ append, expectation: expectedState }: Part) {
  if (expectedState === 'any') return []
  return [{ type: 'stream_state' as const, streamName: append.streamId, expectedState }]
}

const flatEventData = (event: StorageAppend['events'][number]): KurrentFlatEventData =>
  eventData(event, sealFlat(event))

const streamIdOf = ({ append }: Part): StreamId => append.streamId
