import { EverfoldError, OutcomeUnknownError, type EventStorage } from '../../src/index.ts'
import { wrapStorage } from './wrap-storage.ts'

/** What becomes of one append: its reply arrives, or is lost before it is written, after, or while it is still on its way. */
export type Fate = 'kept' | 'lost before' | 'lost after' | 'late' | 'unreachable'

const LOSSES: readonly Fate[] = ['lost before', 'lost after', 'late', 'unreachable']
const FATES: readonly Fate[] = [...LOSSES, ...Array<Fate>(8).fill('kept')]

/** How much later than its reply is given up a late append is written. */
export const LATE_MS = 30

/** Nothing was sent: the store cannot be reached. */
export class UnreachableError extends EverfoldError {
  readonly code = 'TEST_UNREACHABLE'
  readonly retryable = true
}

/** A storage whose appends meet one fate after the other. */
export function lossyStorage(inner: EventStorage, nextFate: () => Fate): EventStorage {
  return wrapStorage(inner, {
    append: async (appends) => {
      const fate = nextFate()
      const lost = new OutcomeUnknownError(appends.map(({ streamId }) => streamId))
      switch (fate) {
        case 'kept':
          return inner.append(appends)
        case 'lost after':
          await inner.append(appends)
          throw lost
        case 'late':
          setTimeout(() => void inner.append(appends), LATE_MS)
          throw lost
        case 'lost before':
          throw lost
        case 'unreachable':
          throw new UnreachableError('The store is unreachable. Try again.')
      }
    },
  })
}

/** The given fates, then always the last of them. */
export function fates(...given: readonly [Fate, ...Fate[]]): () => Fate {
  let turn = 0
  return () => given[Math.min(turn++, given.length - 1)] ?? 'kept'
}

/** Fates in an order that the seed decides (mulberry32). */
export function seededFates(seed: number): () => Fate {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return FATES[((mixed ^ (mixed >>> 14)) >>> 0) % FATES.length] ?? 'kept'
  }
}
