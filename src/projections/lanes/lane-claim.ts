import { randomUUID } from 'node:crypto'
import type { Build } from '../builds/build.ts'
import type { LaneRecord, ReadModelStorage } from '../read-model-storage.ts'

/** A lane, and the runner that wants it. */
export interface LaneClaim<Document> {
  readonly storage: ReadModelStorage<Document>
  readonly build: Build
  /** Number of the lane, from 0. */
  readonly number: number
  /** Names the runner. */
  readonly owner: string
  /** After how many milliseconds without a write by it others may take the lane. */
  readonly leaseMs: number
}

/**
 * Claims a lane, if its record is still `previous`. Whether it is free is for the caller to know.
 *
 * A lane that is held belongs to somebody who is about to switch readers to another build. Before it is taken from him, also by another switch of the same
 * runner, the builds record is changed, which his switch compares: so either he does not switch, or he has switched; then readers from outside are shown the new build first, before the old one
 * moves on.
 *
 * @param isHeld claims it for a switch: nobody is to move it until then.
 * @returns the lane's record, or undefined: somebody wrote it meanwhile.
 */
export async function claimLane<Document>(
  claim: LaneClaim<Document>,
  previous: LaneRecord,
  { isHeld }: { readonly isHeld: boolean },
): Promise<LaneRecord | undefined> {
  const { owner, leaseMs } = claim
  if (previous.isHeld && !(await disturbSwitch(claim))) return undefined
  const barrenClaims = isHeld ? previous.barrenClaims : previous.barrenClaims + 1
  const epoch = previous.epoch + 1
  const claimed = { revision: randomUUID(), epoch, owner, leaseMs, barrenClaims, isHeld }
  const next = { ...previous, ...claimed, stall: isHeld ? previous.stall : undefined }
  return (await writeLane(claim, previous, next)) ? next : undefined
}

/** Gives a lane back, if its record is still `previous`. */
export async function releaseLane<Document>(
  lane: Omit<LaneClaim<Document>, 'leaseMs'>,
  previous: LaneRecord,
  changes: Partial<LaneRecord> = {},
): Promise<boolean> {
  const released = { revision: randomUUID(), owner: undefined, isHeld: false }
  return writeLane(lane, previous, { ...previous, ...changes, ...released })
}

/** Replaces a lane's record. A write whose reply was lost happened if and only if the lane shows its revision. */
export async function writeLane<Document>(
  { storage, build, number }: Omit<LaneClaim<Document>, 'leaseMs' | 'owner'>,
  previous: LaneRecord,
  next: LaneRecord,
): Promise<boolean> {
  try {
    return await storage.writeLane(build, { number, previous, next })
  } catch (error) {
    const { revision } = await storage.readLane(build, number)
    if (revision === next.revision) return true
    throw error
  }
}

/** @returns false: the build is none of the read model's any more. */
async function disturbSwitch<Document>({ storage, build }: LaneClaim<Document>): Promise<boolean> {
  for (;;) {
    const builds = await storage.readBuilds()
    if (builds?.previous?.number === build.number) {
      await storage.publish(builds.live)
      return true
    }
    const isKnown = [builds?.live, builds?.building].some((known) => known?.number === build.number)
    if (builds === undefined || !isKnown) return false
    if (await storage.writeBuilds(builds, { ...builds, revision: randomUUID() })) return true
  }
}
