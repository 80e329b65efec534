import { createHash } from 'node:crypto'

/** Elasticsearch keeps ids of up to 512 bytes. */
const MAX_BYTES = 512

/** Before the digest of a key that is no id. */
const PREFIX = 'everfold:'

/** The `_id` of a key: the key itself, where it can be one; else a digest of it. No two keys share one. */
export function documentId(key: string): string {
  return isId(key) ? key : `${PREFIX}${createHash('sha256').update(key).digest('hex')}`
}

/** The key is in the document, too. */
export function isId(key: string): boolean {
  return (
    key !== '' &&
    !key.startsWith(PREFIX) &&
    (key.length <= MAX_BYTES / 3 || Buffer.byteLength(key) <= MAX_BYTES)
  )
}
