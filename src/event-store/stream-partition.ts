/** Some parts of all streams, which `partOf` divides into `count`. */
export interface StreamPartition {
  /** Number of parts, 1 to 64. */
  readonly count: number
  /** The chosen ones, from 0. */
  readonly parts: readonly number[]
}

/**
 * The part of a stream, or of another key, from 0: the hash of its UTF-8 bytes, without its sign, modulo the number of parts.
 *
 * The hash is the 32-bit one that PostgreSQL's `hashtext` has, so that a server can read the events of a part alone. It never changes: it decides which
 * record guards a document. Source: Bob Jenkins, lookup3 (https://burtleburtle.net/bob/c/lookup3.c), as in `src/common/hashfn.c` of PostgreSQL.
 */
export function partOf(text: string, count: number): number {
  return count === 1 ? 0 : (hashOf(text) & 0x7fffffff) % count
}

export function isIn({ count, parts }: StreamPartition, text: string): boolean {
  return parts.includes(partOf(text, count))
}

/** @throws {RangeError} the number of parts, or a part, is out of its range. */
export function checkPartition({ count, parts }: StreamPartition): void {
  if (!Number.isInteger(count) || count < 1 || count > MAX_PARTS)
    throw new RangeError(`count is ${count}. Use a whole number of parts from 1 to ${MAX_PARTS}.`)
  const wrong = parts.find((part) => !Number.isInteger(part) || part < 0 || part >= count)
  if (wrong !== undefined)
    throw new RangeError(`${wrong} is no part of ${count}. Use whole numbers from 0.`)
  if (parts.length === 0)
    throw new RangeError(
      'An empty list of parts matches no event. Leave the partition out to read all.',
    )
}

const MAX_PARTS = 64

function hashOf(text: string): number {
  const length = bytesOf(text)
  let a = (0x9e3779b9 + length + 3923095) | 0
  let b = a
  let c = a
  let at = 0
  for (; length - at >= 12; at += 12) {
    a = (a + wordAt(at)) | 0
    b = (b + wordAt(at + 4)) | 0
    c = (c + wordAt(at + 8)) | 0
    a = (a - c) ^ rotated(c, 4)
    c = (c + b) | 0
    b = (b - a) ^ rotated(a, 6)
    a = (a + c) | 0
    c = (c - b) ^ rotated(b, 8)
    b = (b + a) | 0
    a = (a - c) ^ rotated(c, 16)
    c = (c + b) | 0
    b = (b - a) ^ rotated(a, 19)
    a = (a + c) | 0
    c = (c - b) ^ rotated(b, 4)
    b = (b + a) | 0
  }
  const rest = length - at
  if (rest > 8) c = (c + (wordAt(at + 8) << 8)) | 0 // its lowest byte stands for the length
  if (rest > 4) b = (b + wordAt(at + 4)) | 0
  if (rest > 0) a = (a + wordAt(at)) | 0
  c = ((c ^ b) - rotated(b, 14)) | 0
  a = ((a ^ c) - rotated(c, 11)) | 0
  b = ((b ^ a) - rotated(a, 25)) | 0
  c = ((c ^ b) - rotated(b, 16)) | 0
  a = ((a ^ c) - rotated(c, 4)) | 0
  b = ((b ^ a) - rotated(a, 14)) | 0
  return ((c ^ b) - rotated(b, 24)) | 0
}

/** Holds the bytes that are hashed, and zeros behind them: a key is hashed per event, an array for each would take longer than the hash. */
let bytes = new Uint8Array(1024)
const encoder = new TextEncoder()

/** Writes the text's UTF-8 to `bytes`; gives its length. */
function bytesOf(text: string): number {
  if (text.length * 3 + 12 > bytes.length) bytes = new Uint8Array(text.length * 6 + 12)
  const { length } = text
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index)
    if (unit > 0x7f) return withZeros(encoder.encodeInto(text, bytes).written)
    bytes[index] = unit
  }
  return withZeros(length)
}

function withZeros(length: number): number {
  bytes.fill(0, length, length + 12)
  return length
}

/** Four of the bytes as a little-endian number. */
function wordAt(at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  )
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
