import { setTimeout as sleep } from 'node:timers/promises'
import { HeldLanes } from '../lanes/held-lanes.ts'
import { Sightings } from '../lanes/sightings.ts'
import type { Build } from './build.ts'
import type { SwitchOptions } from './switch-readers.ts'

/**
 * Does something to a build as a whole while nobody else does: the owner of the lane without keys leads. One that died is outwaited.
 *
 * @returns undefined: somebody else leads, and is at work.
 */
export async function leadBuild<Document, Result>(
  { storage, holder, leaseMs, signal }: SwitchOptions<Document>,
  build: Build,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result | undefined> {
  const claim = { storage, build, number: build.lanes, owner: holder, leaseMs }
  const sightings = new Sightings()
  for (let looks = 0; ; looks++) {
    signal.throwIfAborted()
    const lane = await storage.readLane(build, build.lanes)
    const unchangedMs = sightings.unchangedMs(build.lanes, lane.revision)
    if (looks > 0 && unchangedMs === 0 && lane.owner !== undefined) return undefined
    const isFree = lane.owner === undefined || unchangedMs > lane.leaseMs
    const held = isFree ? await HeldLanes.holdFree(claim, lane) : undefined
    if (held === undefined) {
      await sleep(Math.min(lane.leaseMs / 10, 250), undefined, { signal }).catch(() => undefined)
      continue
    }
    try {
      return await work(AbortSignal.any([signal, held.lost]))
    } finally {
      await held.release()
    }
  }
}
