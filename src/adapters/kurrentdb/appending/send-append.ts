import type { StorageAppend } from '../../../event-store/event-storage.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'
import { asFailure } from '../client/failure.ts'
import type {
  KurrentAppendResult,
  KurrentClient,
  KurrentEventData,
  KurrentExpectation,
} from '../client/kurrent-client.ts'
import { seal } from '../events/envelope.ts'
import { appendError, isConflict } from './append-failure.ts'
import { withinTime } from './within-time.ts'

/** What the server made of an append. */
export type Sent =
  | { readonly status: 'written'; readonly result: KurrentAppendResult }
  /** `actual`: the version that the stream is at. */
  | { readonly status: 'conflict'; readonly actual: number }

/**
 * Sends one append, once.
 *
 * @throws {OutcomeUnknownError} it may have been written: its answer was lost, or has not come in time. The client itself would wait for ever.
 * @throws {KurrentUnavailableError} it was not written: the server could not be reached, or was not ready.
 */
export async function sendAppend(
  client: KurrentClient,
  append: { readonly to: StorageAppend; readonly expectation: KurrentExpectation },
  timeoutMs: number,
): Promise<Sent> {
  const { to, expectation } = append
  const { streamId } = to
  const events = to.events.map((event) => eventData(event, seal(event)))
  return sendEvents(client, { streamId, events, expectation }, timeoutMs)
}

/** Sends events as they are to be stored, as `sendAppend` does. */
export async function sendEvents(
  client: KurrentClient,
  append: {
    readonly streamId: StreamId
    readonly events: KurrentEventData[]
    readonly expectation: KurrentExpectation
  },
  timeoutMs: number,
): Promise<Sent> {
  const { streamId, events, expectation } = append
  try {
    // The clients know the expectation by different names, and ignore the other one's.
    const options = { expectedRevision: expectation, streamState: expectation, deadline: timeoutMs }
    const result = await withinTime(client.appendToStream(streamId, events, options), timeoutMs)
    if (result.success) return { status: 'written', result }
    throw new TypeError('The client hides conflicts: make it without throwOnAppendFailure=false.')
  } catch (error) {
    const failure = asFailure(error)
    if (isConflict(failure)) return { status: 'conflict', actual: actualIn(failure) }
    throw appendError(failure, [streamId])
  }
}

/** Plain JSON values: on anything else the clients throw where nobody catches it, and the append never settles. */
export function eventData<Metadata extends KurrentEventData['metadata']>(
  { id, type, data }: StorageAppend['events'][number],
  metadata: Metadata,
): KurrentEventData & { metadata: Metadata } {
  const parsed = JSON.parse(data) as Record<string, unknown>
  return { id, contentType: 'application/json', type, data: parsed, metadata }
}

/** Each client has its own name for it. */
function actualIn(failure: object): number {
  const { actualVersion, actualState } = failure as {
    readonly actualVersion?: unknown
    readonly actualState?: unknown
  }
  const actual = actualVersion ?? actualState
  return typeof actual === 'bigint' ? Number(actual) + 1 : 0
}
