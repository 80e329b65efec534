import { setTimeout as sleep } from 'node:timers/promises'
import type { Checkpoint, EventStore, RecordedEvent } from '../../src/index.ts'

/** Somebody who follows a log from its beginning. */
export interface Follower {
  readonly seen: readonly RecordedEvent[]
  /** Where it has looked, in their order. */
  readonly checkpoints: readonly Checkpoint[]
  /** What ended it, other than its signal. */
  readonly failure: () => unknown
  /** Resolves when it has seen so many events, failed, or seen nothing new for ten seconds: compare what it saw. */
  seesAsMany(count: number): Promise<void>
}

/** Follows the log from `delayMs` on, until the signal. */
export function follow(
  store: EventStore,
  { delayMs = 0, signal }: { readonly delayMs?: number; readonly signal: AbortSignal },
): Follower {
  const seen: RecordedEvent[] = []
  const checkpoints: Checkpoint[] = []
  let failure: unknown
  const run = async (): Promise<void> => {
    await sleep(delayMs, undefined, { signal })
    for await (const { events, through } of store.subscribe({ pageSize: 50, signal })) {
      seen.push(...events)
      checkpoints.push(through)
    }
  }
  run().catch((error: unknown) => {
    if (!signal.aborted) failure = error
  })
  return {
    seen,
    checkpoints,
    failure: () => failure,
    async seesAsMany(count) {
      let before = seen.length
      let since = performance.now()
      while (seen.length < count && failure === undefined && performance.now() < since + 10_000) {
        await sleep(10)
        if (seen.length > before) since = performance.now()
        before = seen.length
      }
    },
  }
}
