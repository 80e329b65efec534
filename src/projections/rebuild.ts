import { randomUUID } from 'node:crypto'
import { EverfoldError } from '../errors.ts'
import type { Checkpoint } from '../event-store/checkpoint.ts'
import type { EventStore } from '../event-store/event-store.ts'
import type { GlobalPosition } from '../event-store/global-position.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { BuildVerificationError } from './build-verification-error.ts'
import { examineBuild, type BuildExamination, type Difference } from './build-verification.ts'
import type { Build, BuildsRecord } from './build.ts'
import { foldLog } from './fold-log.ts'
import type { Feed } from './lane.ts'
import type { Projection } from './projection.ts'
import type { ReadModelStorage } from './read-model-storage.ts'

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
  /** The new build, which equals a fresh fold of the log, equals the previous one, too. */
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
  readonly hold: () => Promise<void>
}

/** What a rebuild moves: one projection into one read model. */
export interface RebuildTask<Document, Event extends RecordedEvent> {
  readonly projection: Projection<Document, Event>
  readonly storage: ReadModelStorage<Document>
  /** Runs the lane of a build over a feed, until the feed ends. */
  run(build: Build, feed: Feed, signal: AbortSignal): Promise<void>
  /** A feed that ends exactly at a position of the log. */
  upTo(until: GlobalPosition): Feed
}

/**
 * Makes a new build beside the live one, verifies it against a fresh fold of the log, and makes readers see it.
 *
 * Interrupted anywhere it is resumed by the next call. Readers keep the live build until the switch, and never see an older state after it.
 */
export async function rebuild<Document, Event extends RecordedEvent>(
  task: RebuildTask<Document, Event>,
  builds: BuildsRecord,
  options: RebuildOptions,
): Promise<RebuildReport> {
  const { store, signal } = options
  const { storage, projection } = task
  const { live, building } = await begin(storage, builds, options.declared)
  await storage.prepare(building)
  const head = await store.head()
  if (head !== undefined) await task.run(building, task.upTo(head.position), signal)
  await options.hold()
  const notCompared = await alignLive(task, { live, building }, options)
  const checkpoint = await alignBuilding(task, { live, building }, options)
  signal.throwIfAborted()

  const fresh =
    checkpoint === undefined
      ? new Map()
      : await foldLog(projection, { store, until: checkpoint.position, signal })
  const { documents, digest, isIdentical, differences } = await examineBuild(
    storage,
    building,
    fresh,
  )
  if (!isIdentical) {
    await abandon(storage, building)
    throw new BuildVerificationError(storage.name, { build: building.number, differences })
  }
  const before: Pick<BuildExamination, 'isIdentical' | 'differences'> =
    notCompared === undefined
      ? await examineBuild(storage, live, fresh)
      : { isIdentical: false, differences: [] }
  await switchTo(storage, building)
  const { isIdentical: isSame, differences: samples } = before
  return {
    projection: projection.name,
    readModel: storage.name,
    live: building,
    previous: live,
    checkpoint,
    documents,
    digest,
    isIdentical: isSame,
    differences: samples,
    notCompared,
  }
}

/** Puts a new build into the builds record, or finds the one that an interrupted rebuild left there. What was kept from the last switch is dropped. */
async function begin<Document>(
  storage: ReadModelStorage<Document>,
  builds: BuildsRecord,
  declared: Omit<Build, 'number'>,
): Promise<{ readonly live: Build; readonly building: Build }> {
  const { live, building: left, previous, newest } = builds
  if (left?.version === declared.version && left.fingerprint === declared.fingerprint)
    return { live, building: left }
  if (left !== undefined) await storage.drop(left)
  if (previous !== undefined) await storage.drop(previous)
  const building = { ...declared, number: newest + 1 }
  const next = {
    ...builds,
    revision: randomUUID(),
    newest: building.number,
    building,
    previous: undefined,
  }
  if (await storage.writeBuilds(builds, next)) return { live, building }
  return begin(storage, await recordOf(storage), declared)
}

/**
 * Moves the live build to where the new one is, so that they can be compared.
 *
 * @returns why it could not be, or undefined.
 */
async function alignLive<Document, Event extends RecordedEvent>(
  task: RebuildTask<Document, Event>,
  { live, building }: { readonly live: Build; readonly building: Build },
  { signal }: RebuildOptions,
): Promise<string | undefined> {
  if (live.version !== building.version)
    return `it is of version ${live.version}, the new one of ${building.version}`
  const { checkpoint } = await task.storage.readLane(building, 0)
  try {
    if (checkpoint !== undefined) await task.run(live, task.upTo(checkpoint.position), signal)
    return undefined
  } catch (error) {
    if (EverfoldError.is(error)) return error.message // what a rebuild is there to mend must not stop it
    throw error
  }
}

/** Moves the new build to where the live one is, so that no reader goes back in time. */
async function alignBuilding<Document, Event extends RecordedEvent>(
  task: RebuildTask<Document, Event>,
  { live, building }: { readonly live: Build; readonly building: Build },
  { store, signal }: RebuildOptions,
): Promise<Checkpoint | undefined> {
  const { checkpoint } = await task.storage.readLane(live, 0)
  if (checkpoint !== undefined && (await store.contains(checkpoint)))
    await task.run(building, task.upTo(checkpoint.position), signal)
  return (await task.storage.readLane(building, 0)).checkpoint
}

async function switchTo<Document>(
  storage: ReadModelStorage<Document>,
  building: Build,
): Promise<void> {
  const builds = await recordOf(storage)
  if (builds.building?.number !== building.number)
    throw new TypeError(
      `Build ${building.number} of '${storage.name}' was replaced by another runner's rebuild. Run one rebuild at a time.`,
    )
  const next = {
    ...builds,
    revision: randomUUID(),
    live: building,
    building: undefined,
    previous: builds.live,
  }
  if (!(await storage.writeBuilds(builds, next))) return switchTo(storage, building)
  await storage.publish(building)
}

/** Dropped before it leaves the record: whatever crashes in between, the next rebuild finds it there and drops or makes it again. */
async function abandon<Document>(
  storage: ReadModelStorage<Document>,
  building: Build,
): Promise<void> {
  await storage.drop(building)
  const builds = await recordOf(storage)
  if (builds.building?.number !== building.number) return
  const next = { ...builds, revision: randomUUID(), building: undefined }
  if (!(await storage.writeBuilds(builds, next))) await abandon(storage, building)
}

async function recordOf<Document>(storage: ReadModelStorage<Document>): Promise<BuildsRecord> {
  const builds = await storage.readBuilds()
  if (builds === undefined)
    throw new TypeError(
      `Read model '${storage.name}' has lost its builds record. Restore it, or start with a new name.`,
    )
  return builds
}
