import { createHash } from 'node:crypto'

/**
 * Names what a reaction does for one event.
 *
 * @param part which one it is of the parts, from 0, where an upcaster splits an event into several of one key.
 */
export function idempotencyKey(
  reaction: string,
  { id, key, part }: { readonly id: string; readonly key: string; readonly part: number },
): string {
  return createHash('sha256')
    .update(JSON.stringify([reaction, id, key, part]))
    .digest('hex')
    .slice(0, 32)
}
