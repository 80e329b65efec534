import { setTimeout as sleep } from 'node:timers/promises'
import { EverfoldError } from '../errors.ts'
import { BuildNotPreparedError } from './build-not-prepared-error.ts'
import type { Build } from './build.ts'
import type { LaneTakenError } from './lane-taken-error.ts'
import type { ReadModelStorage } from './read-model-storage.ts'
import type { RebuildConflictError } from './rebuild-conflict-error.ts'

/** How often one that waits for a rebuild looks at it, on average. */
const INTERVAL_MS = 250

const TAKEOVERS: ReadonlySet<string> = new Set<
  LaneTakenError['code'] | RebuildConflictError['code'] | BuildNotPreparedError['code']
>(['LANE_TAKEN', 'REBUILD_CONFLICT', 'BUILD_NOT_PREPARED'])

/** Another runner has what this one worked on: that is the end of it, unless that runner rebuilds. */
export function isTakeover(error: unknown): error is EverfoldError {
  return EverfoldError.is(error) && TAKEOVERS.has(error.code)
}

/**
 * Waits while somebody else rebuilds a read model, until he gives its lanes back or another build is live.
 *
 * @returns false: nobody rebuilds it.
 */
export async function outwaitRebuild<Document>(
  storage: ReadModelStorage<Document>,
  before: Build,
  signal: AbortSignal,
): Promise<boolean> {
  for (;;) {
    const builds = await storage.readBuilds()
    if (builds?.live.number !== before.number) return true
    if (builds.building === undefined) return false
    const owners = await Promise.all([
      ownerOf(storage, builds.live),
      ownerOf(storage, builds.building),
    ])
    if (owners.every((owner) => owner === undefined)) return true
    await sleep(INTERVAL_MS * (0.5 + Math.random()), undefined, { signal })
  }
}

async function ownerOf<Document>(
  storage: ReadModelStorage<Document>,
  build: Build,
): Promise<string | undefined> {
  try {
    return (await storage.readLane(build, 0)).owner
  } catch (error) {
    if (error instanceof BuildNotPreparedError) return undefined // begun, or dropped: nobody has it
    throw error
  }
}
