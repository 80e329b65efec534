import { createHash } from 'node:crypto'
import { globalPosition } from '../../../event-store/global-position.ts'
import type { ParkedEvent } from '../../../projections/read-model-storage.ts'
import type { Row, Scalar } from '../database/database.ts'

/** Above every digest, and below. */
export const LAST_DIGEST = 'g'
export const FIRST_DIGEST = ''

/** Of a key that may be too long for an index, or hold what no text can: half surrogate pairs count, too. */
export function digestOf(key: string): string {
  return createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('hex')
}

/** Digest and position, event and reason: JSON keeps every text as it is. */
export function parkedCells(event: ParkedEvent): readonly Scalar[] {
  const { position, discarded, ...rest } = event
  return [digestOf(event.key), position, JSON.stringify(rest), reasonText(discarded)]
}

/** What is kept of a reason. */
export function reasonText(discarded: string | undefined): string | null {
  return discarded === undefined ? null : JSON.stringify(discarded)
}

export function parkedEvent([, position, json, discarded]: Row): ParkedEvent {
  const { key, streamId, version, error } = JSON.parse(json ?? '') as Omit<
    ParkedEvent,
    'position' | 'discarded'
  >
  return {
    ...{ key, position: globalPosition(position ?? ''), streamId, version, error },
    discarded: typeof discarded === 'string' ? (JSON.parse(discarded) as string) : undefined,
  }
}
