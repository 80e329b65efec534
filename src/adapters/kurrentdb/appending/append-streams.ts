import type { AppendVerdict, StorageAppend } from '../../../event-store/event-storage.ts'
import { versionOf } from '../reading/stream-page.ts'
import {
  baseOf,
  expectationOf,
  firstOutcome,
  judgeEmpty,
  lookForCommand,
  readBack,
  type AppendContext,
} from './append-stream.ts'
import { sendAppends, type Part } from './send-appends.ts'

/**
 * Appends to several streams in one commit. It is sent first, and judged only when the server refuses it: then each stream is read. Streams that hold their events
 * already are done, and the others are sent again without them.
 */
export async function appendToStreams(
  context: AppendContext,
  appends: readonly StorageAppend[],
): Promise<readonly AppendVerdict[]> {
  if (appends.every(isEmpty))
    return concluded(await Promise.all(appends.map((append) => judgeEmpty(context, append))))
  const plans = await Promise.all(appends.map((append) => plan(context, append)))
  const parts = plans.filter((planned) => 'expectation' in planned)
  if (parts.length === plans.length) {
    const { client, timeoutMs } = context.reader
    const versions = await sendAppends(client, parts, timeoutMs)
    if (versions !== undefined)
      return Promise.all(
        parts.map(async ({ append, checked }) =>
          checked === undefined
            ? readBack(context, append, versions.get(append.streamId) ?? 0)
            : { status: 'appended', version: checked, positions: [], recordedAtMs: undefined },
        ),
      )
  }
  const verdicts = await Promise.all(
    plans.map(async (planned) =>
      'expectation' in planned ? judge(context, planned.append) : planned.verdict,
    ),
  )
  return goOn(context, appends, verdicts)
}

const isEmpty = ({ events }: StorageAppend): boolean => events.length === 0

/** What to send for a stream, or its verdict where that is known before: the server knows no commands. */
async function plan(context: AppendContext, append: StorageAppend): Promise<Plan> {
  const { commandId, expectedVersion } = append
  const expectation = expectationOf(expectedVersion)
  if (isEmpty(append)) {
    const base = baseOf(expectedVersion)
    if (base !== undefined) return { append, expectation, checked: base }
    // Looked at before: once the others are written, nothing may fail any more.
    const verdict = await judgeEmpty(context, append)
    return verdict.status === 'appended'
      ? { append, expectation, checked: verdict.version }
      : { verdict }
  }
  if (commandId === undefined) return { append, expectation }
  const look = await lookForCommand(context, append, commandId)
  return 'verdict' in look ? look : { append, expectation: look.expectation }
}

/** `checked`: the version of a stream that gets no events. */
type Plan = (Part & { readonly checked?: number }) | { readonly verdict: AppendVerdict }

/** The verdict on a stream as it is now; undefined: its part could be written. */
async function judge(
  context: AppendContext,
  append: StorageAppend,
): Promise<AppendVerdict | undefined> {
  if (isEmpty(append)) {
    const verdict = await judgeEmpty(context, append)
    return verdict.status === 'appended' ? undefined : verdict
  }
  const first = await firstOutcome(context, append)
  if ('status' in first) return first
  const { streamId, expectedVersion } = append
  if (expectedVersion === 'any') return undefined
  const actual = await versionOf(context.reader, streamId)
  const isMet =
    expectedVersion === 'stream-exists' ? actual > 0 : actual === baseOf(expectedVersion)
  return isMet ? undefined : { status: 'wrong-version', actual, overlap: first.overlap }
}

async function goOn(
  context: AppendContext,
  appends: readonly StorageAppend[],
  verdicts: readonly (AppendVerdict | undefined)[],
): Promise<readonly AppendVerdict[]> {
  const rest = appends.filter((_, index) => verdicts[index] === undefined)
  if (verdicts.some(isRefusal) || rest.length === 0) return concluded(verdicts)
  // What stood in the way is there no more, or is behind the stream's end: it is all to be tried again.
  if (rest.length === appends.length) return appends.map(() => ({ status: 'raced' }))
  const others = [...(await appendToStreams(context, rest))]
  return concluded(verdicts.map((verdict) => verdict ?? others.shift()))
}

/** When one is refused, nothing is written of the others. */
function concluded(verdicts: readonly (AppendVerdict | undefined)[]): readonly AppendVerdict[] {
  return verdicts.map((verdict) => verdict ?? { status: 'not-written' })
}

function isRefusal(verdict: AppendVerdict | undefined): boolean {
  return verdict !== undefined && verdict.status !== 'appended'
}
