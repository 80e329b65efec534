import { setTimeout as sleep } from 'node:timers/promises'
import { HeldLanes } from '../lanes/held-lanes.ts'
import { Sightings } from '../lanes/sightings.ts'
import { unlessTransient } from '../retry-transient.ts'
import type { Build } from './build.ts'
import type { SwitchOptions } from './switch-readers.ts'

/**
 * Does something to a build as a whole while nobody else does: the owner of the lane without keys leads. One that died is outwaited. One whose beats came too
 * late leads again, and begins the work anew, unless somebody else leads by then.
 *
 * @returns undefined: somebody else leads, and is at work.
 */
export async function leadBuild<Document, Result>(
  options: SwitchOptions<Document>,
  build: Build,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result | undefined> {
  const { signal } = options
  for (;;) {
    const held = await holdLead(options, build)
    if (held === undefined) return undefined
    try {
      return await work(AbortSignal.any([signal, held.lost]))
    } catch (error) {
      const isLost = held.lost.aborted && error === held.lost.reason
      if (signal.aborted || !isLost) throw error
    } finally {
      await held.release()
    }
  }
}

async function holdLead<Document>(
  options: SwitchOptions<Document>,
  build: Build,
): Promise<HeldLanes<Document> | undefined> {
  const { storage, holder, leaseMs, signal } = options
  const claim = { storage, build, number: build.lanes, owner: holder, leaseMs }
  const sightings = new Sightings()
  for (let looks = 0; ; looks++) {
    signal.throwIfAborted()
    const lane = await storage.readLane(build, build.lanes)
    const unchangedMs = sightings.unchangedMs(build.lanes, lane.revision)
    if (looks > 0 && unchangedMs === 0 && lane.owner !== undefined) return undefined
    const isFree = lane.owner === undefined || unchangedMs > lane.leaseMs
    const pause = (): Promise<void> =>
      sleep(Math.min(lane.leaseMs / 10, 250), undefined, { signal }).catch(() => undefined)
    try {
      const held = isFree ? await HeldLanes.holdFree(claim, lane) : undefined
      if (held !== undefined) return held
    } catch (error) {
      unlessTransient(error)
      await pause()
      return holdLead(options, build) // looks anew: what changes next is this claim, perhaps
    }
    await pause()
  }
}
