import { randomUUID } from 'node:crypto'
import type { Build } from './build.ts'
import { LaneTakenError } from './lane-taken-error.ts'
import type { LaneRecord, ReadModelStorage } from './read-model-storage.ts'

/** The lane that is to be claimed, and for whom. */
export interface ClaimOptions<Document> {
  readonly storage: ReadModelStorage<Document>
  readonly build: Build
  /** Names the runner. */
  readonly owner: string
  /** It had the lane before: what somebody else claimed since is left to him. */
  readonly isRetry: boolean
}

/**
 * Claims a lane, whoever had it.
 *
 * A lane that is held belongs to somebody who is about to switch readers to another build. Before it is taken from him the builds record is changed,
 * which his switch compares: so either he does not switch, or the build is not live any more and its lane moves no further.
 *
 * @param options.isHeld claims it for a switch: nobody is to move it until then.
 * @throws {LaneTakenError} on a retry: somebody else has it. Or another build went live.
 */
export async function claimLane<Document>(
  options: ClaimOptions<Document> & { readonly isHeld: boolean },
): Promise<LaneRecord> {
  const { storage, build, owner, isRetry, isHeld } = options
  for (;;) {
    const previous = await storage.readLane(build, 0)
    const isOthers = previous.owner !== undefined && previous.owner !== owner
    if (isRetry && isOthers) throw taken(options, previous.owner)
    if (previous.isHeld && isOthers) await disturbSwitch(options)
    const claim = { revision: randomUUID(), epoch: previous.epoch + 1, owner, isHeld }
    const next = { ...previous, ...claim }
    if (await storage.writeLane(build, { number: 0, previous, next })) return next
  }
}

/** Gives a lane back that was claimed and not moved since; one that somebody else has by now is left to him. */
export async function giveBackLane<Document>({
  storage,
  build,
  owner,
}: ClaimOptions<Document>): Promise<void> {
  const previous = await storage.readLane(build, 0)
  if (previous.owner !== owner) return
  const next = { ...previous, revision: randomUUID(), owner: undefined, isHeld: false }
  await storage.writeLane(build, { number: 0, previous, next })
}

async function disturbSwitch<Document>(options: ClaimOptions<Document>): Promise<void> {
  const { storage, build } = options
  for (;;) {
    const builds = await storage.readBuilds()
    const isKnown = [builds?.live, builds?.building].some((known) => known?.number === build.number)
    if (builds === undefined || !isKnown) throw taken(options, undefined)
    if (await storage.writeBuilds(builds, { ...builds, revision: randomUUID() })) return
  }
}

function taken<Document>(
  { storage, build }: ClaimOptions<Document>,
  owner: string | undefined,
): LaneTakenError {
  return new LaneTakenError({ projection: build.projection, readModel: storage.name, owner })
}
