import { randomFillSync } from 'node:crypto'
import { v7 } from 'uuid'

/** Makes a UUID of version 7. Those of one millisecond stand in no order. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  return v7({ random: pool.subarray(used, (used += ID_BYTES)) })
}

const ID_BYTES = 16
/** Asked for 256 at once, random bytes cost next to nothing; one by one they cost more than all the rest of an id: 2.2 us of 2.7. */
const pool = new Uint8Array(256 * ID_BYTES)
let used = pool.length
