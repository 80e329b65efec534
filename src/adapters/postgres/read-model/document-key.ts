import { isStorableText } from '../database/storable-text.ts'
import { ColumnRefusedError } from './column-refused-error.ts'

/** The index on keys takes up to 2,692 bytes where pages have 8 KiB. */
const MAX_KEY_BYTES = 2600

/** Tells whether a document can be kept under a key. */
export function isKey(key: string): boolean {
  return (
    isStorableText(key) &&
    (key.length <= MAX_KEY_BYTES / 3 || Buffer.byteLength(key) <= MAX_KEY_BYTES)
  )
}

/** @throws {ColumnRefusedError} no document can be kept under this key. */
export function checkKey(key: string): string {
  if (isKey(key)) return key
  throw new ColumnRefusedError(
    { key, column: 'key', value: key },
    `a key is a text of up to ${MAX_KEY_BYTES} bytes without U+0000 and half surrogate pairs.`,
  )
}
