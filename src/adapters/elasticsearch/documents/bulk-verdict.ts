import type { BulkItemAnswer } from '../server/bulk-answer.ts'
import { isPassing } from '../server/server-failure.ts'

/**
 * What an item's answer means:
 *
 * - `'written'`;
 * - `'conflict'`: what stands there contains as much of the log, or more, or is kept in memory of a deletion: it has to be looked at;
 * - `'passing'`: it is sent again;
 * - `'refused'`: the document can never be written;
 * - `'broken'`: nothing can be written: no index, no right, a block.
 */
export type BulkVerdict = 'written' | 'conflict' | 'passing' | 'refused' | 'broken'

export function verdictOf({ status }: BulkItemAnswer): BulkVerdict {
  if (status < 300) return 'written'
  if (status === 409) return 'conflict'
  if (isPassing(status)) return 'passing'
  return status === 400 ? 'refused' : 'broken'
}

/** The field that an answer blames. Elasticsearch tells it in its message alone. */
export function blamedField({ error }: BulkItemAnswer): string | undefined {
  const { reason = '' } = error ?? {}
  const found = FIELD.exec(reason)
  return found?.[1]
}

const FIELD = /(?:\bfield \[|dynamic introduction of \[|field=")([^\]"]+)/
