import type { AppendVerdict, StorageAppend } from '../../../event-store/event-storage.ts'
import type { GlobalPosition } from '../../../event-store/global-position.ts'
import { OutcomeUnknownError } from '../../../event-store/outcome-unknown-error.ts'
import type { StoredEvent } from '../../../event-store/stored-event.ts'
import type { KurrentExpectation } from '../client/kurrent-client.ts'
import { eventOf } from '../events/stored.ts'
import type { KurrentReader } from '../reading/kurrent-reader.ts'
import { versionOf } from '../reading/stream-page.ts'
import { findCommand } from './find-command.ts'
import { sendAppend } from './send-append.ts'

export interface AppendContext {
  readonly reader: KurrentReader
  readonly commandLookBack: number
  /** Whether a lone event's append is answered without reading back what the server's reply does not tell. */
  readonly isBrief: boolean
}

/** Appends to one stream, and judges: ids, then command, then version. */
export async function appendToStream(
  context: AppendContext,
  append: StorageAppend,
): Promise<AppendVerdict> {
  if (append.events.length === 0) return judgeEmpty(context, append)
  if (append.commandId !== undefined) return appendCommand(context, append, append.commandId)
  return write(context, append, expectationOf(append.expectedVersion))
}

/** An append of nothing only checks, and nothing is sent. */
export async function judgeEmpty(
  { reader }: AppendContext,
  { streamId, expectedVersion }: StorageAppend,
): Promise<AppendVerdict> {
  const version = await versionOf(reader, streamId)
  const isMet =
    expectedVersion === 'any' ||
    (expectedVersion === 'stream-exists' && version > 0) ||
    version === baseOf(expectedVersion)
  return isMet
    ? { status: 'appended', version, positions: [], recordedAtMs: undefined }
    : { status: 'wrong-version', actual: version, overlap: 0 }
}

/** Appends under a command: whoever comes in between makes the look for it be taken again. */
async function appendCommand(
  context: AppendContext,
  append: StorageAppend,
  commandId: string,
): Promise<AppendVerdict> {
  const look = await lookForCommand(context, append, commandId)
  if ('verdict' in look) return look.verdict
  const verdict = await write(context, append, look.expectation)
  const isRaced = verdict.status === 'wrong-version' && baseOf(append.expectedVersion) === undefined
  return isRaced ? { status: 'raced' } : verdict
}

/**
 * Looks at a stream's last events for a command: the server knows none. What is appended then has to expect the stream to be as it was.
 *
 * @returns the verdict when it is known already; else what to expect.
 */
export async function lookForCommand(
  context: AppendContext,
  append: StorageAppend,
  commandId: string,
): Promise<{ readonly verdict: AppendVerdict } | { readonly expectation: KurrentExpectation }> {
  const { reader, commandLookBack: lookBack } = context
  const { streamId, expectedVersion } = append
  const { outcome, version } = await findCommand(reader, { streamId, commandId, lookBack })
  if (outcome !== undefined) {
    const first = await firstOutcome(context, append)
    return { verdict: 'status' in first ? first : { status: 'command-repeated', ...outcome } }
  }
  if (baseOf(expectedVersion) !== undefined) return { expectation: expectationOf(expectedVersion) }
  if (expectedVersion === 'stream-exists' && version === 0)
    return { verdict: { status: 'wrong-version', actual: 0, overlap: 0 } }
  return { expectation: expectationOf(version) }
}

async function write(
  context: AppendContext,
  append: StorageAppend,
  expectation: KurrentExpectation,
): Promise<AppendVerdict> {
  const { reader, isBrief } = context
  const { client, timeoutMs } = reader
  const sent = await sendAppend(client, { to: append, expectation }, timeoutMs)
  if (sent.status === 'conflict') {
    const first = await firstOutcome(context, append)
    if ('status' in first) return first
    return { status: 'wrong-version', actual: sent.actual, overlap: first.overlap }
  }
  const { nextExpectedRevision, position } = sent.result
  const version = Number(nextExpectedRevision) + 1
  if (isBrief && append.events.length === 1 && isPosition(position?.commit))
    return { status: 'appended', version, positions: [position.commit], recordedAtMs: undefined }
  return readBack(context, append, version)
}

/** A write that the server knew already may be answered without a place: -1, or the greatest number. */
function isPosition(commit: bigint | undefined): commit is GlobalPosition {
  return commit !== undefined && commit > 0n && commit < 2n ** 63n
}

/** The server's reply tells neither the places of all events nor its time: they are read where they were written. */
export async function readBack(
  { reader }: AppendContext,
  append: StorageAppend,
  version: number,
): Promise<AppendVerdict> {
  const { streamId, events } = append
  try {
    const written = await eventsAt(reader, append, version - events.length)
    const positions = written.map(({ position }) => position)
    const recordedAtMs = written.at(-1)?.recordedAtMs
    return { status: 'appended', version, positions, recordedAtMs }
  } catch (error) {
    // It was written, but what is to be told of it is not known: under a version, the call can be made again.
    throw new OutcomeUnknownError([streamId], { cause: error })
  }
}

/** The verdict on an append whose events all stand at their place already; else how many do. */
export async function firstOutcome(
  { reader }: AppendContext,
  append: StorageAppend,
): Promise<AppendVerdict | { readonly overlap: number }> {
  const base = baseOf(append.expectedVersion)
  if (base === undefined) return { overlap: 0 }
  const place = await eventsAt(reader, append, base)
  const found = place.filter(({ id, version }) => id === append.events[version - base - 1]?.id)
  const last = found.at(-1)
  if (last === undefined || found.length < append.events.length) return { overlap: found.length }
  const positions = found.map(({ position }) => position)
  const { version, recordedAtMs } = last
  return { status: 'appended', version, positions, recordedAtMs }
}

/** The stream's events after `base`, as many as the append has, where they are there. */
async function eventsAt(
  reader: KurrentReader,
  { streamId, events: { length } }: StorageAppend,
  base: number,
): Promise<readonly StoredEvent[]> {
  const found: StoredEvent[] = []
  if (length === 0) return found
  const range = { from: BigInt(base), direction: 'forwards', maxCount: length } as const
  await reader.stream(streamId, range, (resolved) => {
    const event = eventOf(resolved)
    if (event === undefined) return true
    // Where some are hidden, later ones come in their stead.
    if (event.revision >= BigInt(base + length)) return false
    found.push(reader.stored(event))
    return true
  })
  return found
}

/** Version after which the events are to stand; undefined: any. */
export function baseOf(expected: StorageAppend['expectedVersion']): number | undefined {
  if (expected === 'no-stream') return 0
  return typeof expected === 'number' ? expected : undefined
}

/** Our versions count from 1, the server's revisions from 0. */
export function expectationOf(expected: StorageAppend['expectedVersion']): KurrentExpectation {
  switch (expected) {
    case 'any':
      return 'any'
    case 'stream-exists':
      return 'stream_exists'
    case 'no-stream':
    case 0:
      return 'no_stream'
    default:
      return BigInt(expected - 1)
  }
}
