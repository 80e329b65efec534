import { setTimeout as sleep } from 'node:timers/promises'
import type { LaneWriter } from './lane-writer.ts'

/** A lane that nothing else writes meanwhile. */
export interface BeatenLane<Document> {
  readonly writer: LaneWriter<Document>
  readonly leaseMs: number
  /** Aborted with what a beat failed with. */
  readonly lost: AbortController
}

/** Writes a lane often enough that its lease does not run out, however long something takes. */
export async function whileBeating<Document, Result>(
  { writer, leaseMs, lost }: BeatenLane<Document>,
  work: () => Promise<Result>,
): Promise<Result> {
  const over = new AbortController()
  const beating = (async () => {
    for (;;) {
      await sleep(leaseMs / 3, undefined, { signal: over.signal }).catch(() => undefined)
      if (over.signal.aborted) return
      await writer.write({})
    }
  })().catch((error: unknown) => {
    lost.abort(error)
  })
  try {
    return await work()
  } finally {
    over.abort()
    await beating
    lost.signal.throwIfAborted()
  }
}
