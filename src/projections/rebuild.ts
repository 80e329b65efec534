import { EverfoldError } from '../errors.ts'
import type { Checkpoint } from '../event-store/checkpoint.ts'
import type { EventStore } from '../event-store/event-store.ts'
import type { GlobalPosition } from '../event-store/global-position.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { abandon, beginBuild, recordOf, switchTo, type Succession } from './build-succession.ts'
import { BuildVerificationError } from './build-verification-error.ts'
import { examineBuild, type Difference } from './build-verification.ts'
import type { Build, BuildsRecord } from './build.ts'
import { foldLog } from './fold-log.ts'
import type { Feed } from './lane.ts'
import { LaneTakenError } from './lane-taken-error.ts'
import type { Projection } from './projection.ts'
import type { DocumentAt, LaneRecord, ReadModelStorage } from './read-model-storage.ts'

export interface RebuildReport {
  readonly projection: string
  readonly readModel: string
  /** The build that readers see now. */
  readonly live: Build
  /** The build that they saw before; kept until the next rebuild. */
  readonly previous: Build
  /** Where both stood when they were compared; undefined: the log is empty. */
  readonly checkpoint: Checkpoint | undefined
  /** How many documents the new build holds. */
  readonly documents: number
  /** Digest of its keys, positions and documents, whatever their order: 32 hexadecimal digits. */
  readonly digest: string
  /** The previous build held the same documents: the rebuild changed nothing. */
  readonly isIdentical: boolean
  /** Up to ten of the documents that differ; `expected`: in the new build, `found`: in the previous one. */
  readonly differences: readonly Difference[]
  /** Why the previous build could not be compared; undefined: it was. */
  readonly notCompared: string | undefined
}

export interface RebuildOptions {
  readonly store: EventStore
  readonly declared: Omit<Build, 'number'>
  readonly signal: AbortSignal
  /** Stops following into the live build, after the page in hand. */
  readonly stopFollowing: () => Promise<void>
}

/** What a rebuild moves: one projection into one read model. */
export interface RebuildTask<Document, Event extends RecordedEvent> {
  readonly projection: Projection<Document, Event>
  readonly storage: ReadModelStorage<Document>
  /** Runs the lane of a build over a feed, until the feed ends. */
  run(build: Build, feed: Feed, signal: AbortSignal): Promise<void>
  /** A feed that ends exactly at a position of the log. */
  upTo(until: GlobalPosition): Feed
  /** Claims the lane of a build, so that nobody moves it. */
  hold(build: Build): Promise<LaneRecord>
  /** Gives back a lane that is held. */
  giveBack(build: Build): Promise<void>
}

/**
 * Makes a new build beside the live one, verifies it against a fresh fold of the log, and makes readers see it.
 *
 * Interrupted anywhere it is resumed by the next call. Readers keep the live build until the switch, and never see an older state after it: both lanes are
 * held until then.
 */
export async function rebuild<Document, Event extends RecordedEvent>(
  task: RebuildTask<Document, Event>,
  builds: BuildsRecord,
  options: RebuildOptions,
): Promise<RebuildReport> {
  const { store, declared, signal, stopFollowing } = options
  const { storage } = task
  const succession = await beginBuild(storage, builds, { store, declared })
  const { building } = succession
  await storage.prepare(building)
  const head = await store.head()
  if (head !== undefined) await task.run(building, task.upTo(head.position), signal)
  await stopFollowing()
  try {
    const notCompared = await alignLive(task, succession, signal)
    await alignBuilding(task, succession, options)
    signal.throwIfAborted()
    const report = await verify(task, { ...succession, notCompared }, options)
    if (report === undefined)
      return await rebuild(task, (await storage.readBuilds()) ?? builds, options)
    await succeed(task, succession, options)
    await task.giveBack(building)
    return report
  } catch (error) {
    await giveBackBoth(task, succession).catch(() => undefined) // what made it fail is what the caller has to know
    throw error
  }
}

/** @returns undefined: what an interrupted rebuild left differs from a fresh fold, perhaps folded by rows that were corrected since; it was dropped. */
async function verify<Document, Event extends RecordedEvent>(
  task: RebuildTask<Document, Event>,
  succession: Succession & { readonly notCompared: string | undefined },
  { store, signal }: RebuildOptions,
): Promise<RebuildReport | undefined> {
  const { storage, projection } = task
  const { live, building, isResumed, notCompared } = succession
  const { checkpoint, revision } = await task.hold(building)
  const fresh =
    checkpoint === undefined
      ? new Map<string, DocumentAt<Document>>()
      : await foldLog(projection, { store, until: checkpoint.position, signal })
  const { documents, digest, ...found } = await examineBuild(storage, building, fresh)
  const lane = await storage.readLane(building, 0)
  if (lane.revision !== revision)
    throw new LaneTakenError({
      projection: projection.name,
      readModel: storage.name,
      owner: lane.owner,
    })
  if (!found.isIdentical) {
    await abandon(storage, building)
    if (isResumed) return undefined
    const { differences } = found
    throw new BuildVerificationError(storage.name, { build: building.number, differences })
  }
  const compared =
    notCompared === undefined
      ? await examineBuild(storage, live, fresh)
      : { isIdentical: false, differences: [] }
  const { isIdentical, differences } = compared
  return {
    ...{ projection: projection.name, readModel: storage.name, live: building, previous: live },
    ...{ checkpoint, documents, digest, isIdentical, differences, notCompared },
  }
}

/** Switches readers to the new build, when it has all that the live one has, and nobody can move that any more. */
async function succeed<Document, Event extends RecordedEvent>(
  task: RebuildTask<Document, Event>,
  succession: Succession,
  options: RebuildOptions,
): Promise<void> {
  const { storage } = task
  const { live, building } = succession
  for (;;) {
    const builds = await recordOf(storage, building) // before the claim: whoever takes the lane from us changes the record first
    await task.hold(live)
    await alignBuilding(task, succession, options)
    options.signal.throwIfAborted()
    if (await switchTo(storage, building, builds)) return
  }
}

/**
 * Moves the live build to where the new one is, so that they can be compared.
 *
 * @returns why it could not be, or undefined.
 */
async function alignLive<Document, Event extends RecordedEvent>(
  task: RebuildTask<Document, Event>,
  { live, building }: Succession,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (live.version !== building.version)
    return `it is of version ${live.version}, the new one of ${building.version}`
  const { checkpoint } = await task.storage.readLane(building, 0)
  try {
    if (checkpoint !== undefined) await task.run(live, task.upTo(checkpoint.position), signal)
    return undefined
  } catch (error) {
    if (EverfoldError.is(error) && error.code !== LANE_TAKEN) return error.message // what a rebuild is there to mend must not stop it
    throw error
  }
}

const LANE_TAKEN: LaneTakenError['code'] = 'LANE_TAKEN'

/** Moves the new build to where the live one is, so that no reader goes back in time. */
async function alignBuilding<Document, Event extends RecordedEvent>(
  task: RebuildTask<Document, Event>,
  { live, building }: Succession,
  { store, signal }: RebuildOptions,
): Promise<void> {
  const { checkpoint } = await task.storage.readLane(live, 0)
  const { checkpoint: own } = await task.storage.readLane(building, 0)
  if (checkpoint === undefined || checkpoint.position <= (own?.position ?? 0n)) return
  if (await store.contains(checkpoint))
    await task.run(building, task.upTo(checkpoint.position), signal)
}

async function giveBackBoth<Document, Event extends RecordedEvent>(
  task: RebuildTask<Document, Event>,
  { live, building }: Succession,
): Promise<void> {
  await task.giveBack(live)
  await task.giveBack(building)
}
