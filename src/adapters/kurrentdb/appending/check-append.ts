import type { StorageAppend } from '../../../event-store/event-storage.ts'
import { InvalidEventError } from '../../../event-store/invalid-event-error.ts'
import { InvalidStreamIdError } from '../../../event-store/invalid-stream-id-error.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'

/**
 * Checks what the port leaves to the server and the server would take amiss, before anything is sent.
 *
 * @throws {InvalidStreamIdError} the server keeps such names for itself.
 * @throws {InvalidEventError} it keeps such types for itself, or an id stands twice in the append: the server would write it and then report a conflict.
 */
export function checkAppend({ streamId, events }: StorageAppend): void {
  checkNotReserved(streamId)
  const ids = new Set<string>()
  for (const { id, type } of events) {
    if (type.startsWith('$'))
      throw new InvalidEventError(type, 'its type begins with "$", as those of KurrentDB itself do')
    if (ids.has(id)) throw new InvalidEventError(type, `its id '${id}' stands twice in one append`)
    ids.add(id)
  }
}

/** @throws {InvalidStreamIdError} as `checkAppend` does. */
export function checkNotReserved(streamId: StreamId): void {
  if (streamId.startsWith('$'))
    throw new InvalidStreamIdError(
      streamId,
      'it begins with "$", as the streams of KurrentDB itself do',
    )
}
