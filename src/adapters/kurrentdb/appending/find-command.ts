import type { CommandOutcome } from '../../../event-store/event-reader.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'
import { open } from '../events/envelope.ts'
import { positionOf, eventOf } from '../events/stored.ts'
import type { KurrentReader } from '../reading/kurrent-reader.ts'

/** Looks for a command among the last events of a stream, and tells the stream's version then. */
export async function findCommand(
  reader: KurrentReader,
  sought: { readonly streamId: StreamId; readonly commandId: string; readonly lookBack: number },
): Promise<{ readonly outcome: CommandOutcome | undefined; readonly version: number }> {
  const { streamId, commandId, lookBack: maxCount } = sought
  let version = 0
  let outcome: CommandOutcome | undefined
  const end = { from: 'end', direction: 'backwards', maxCount } as const
  await reader.stream(streamId, end, (resolved) => {
    const record = resolved.event
    if (record === undefined) return true
    version ||= Number(record.revision) + 1
    const event = eventOf(resolved)
    if (event === undefined || open(event.metadata).metadata()['commandId'] !== commandId)
      return true
    // Backwards, the last event of the command comes first.
    outcome = { version: Number(event.revision) + 1, position: positionOf(event) }
    return false
  })
  return { outcome, version }
}
