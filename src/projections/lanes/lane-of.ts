/**
 * The lane of a key, from 0: FNV-1a over its UTF-16 code units, folded to 32 bits, modulo the number of lanes.
 *
 * It decides which record guards a document, so it never changes. Source: https://www.rfc-editor.org/rfc/rfc9923 (offset basis and prime of 32 bits);
 * the last steps, from MurmurHash3, make the low bits depend on all others.
 */
export function laneOf(key: string, lanes: number): number {
  if (lanes === 1) return 0
  let hash = 0x811c9dc5
  for (let index = 0; index < key.length; index++)
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) % lanes
}
