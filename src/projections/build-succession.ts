import { randomUUID } from 'node:crypto'
import type { EventReader } from '../event-store/event-reader.ts'
import { BuildNotPreparedError } from './build-not-prepared-error.ts'
import type { Build, BuildsRecord } from './build.ts'
import type { ReadModelStorage } from './read-model-storage.ts'
import { RebuildConflictError } from './rebuild-conflict-error.ts'

/** What a rebuild works on. */
export interface Succession {
  readonly live: Build
  readonly building: Build
  /** An interrupted rebuild had begun it. */
  readonly isResumed: boolean
}

export interface BeginOptions {
  readonly store: EventReader
  readonly declared: Omit<Build, 'number'>
}

/**
 * Puts a new build into the builds record, or finds the one that an interrupted rebuild left there. What is not needed any more is dropped: after it left
 * the record, so that nobody can make it live meanwhile.
 */
export async function beginBuild<Document>(
  storage: ReadModelStorage<Document>,
  builds: BuildsRecord,
  { store, declared }: BeginOptions,
): Promise<Succession> {
  const { live, building: left, previous, newest } = builds
  if (left !== undefined && (await canGoOn(storage, left, { store, declared })))
    return { live, building: left, isResumed: true }
  const building = { ...declared, number: newest + 1 }
  const dropping = [...builds.dropping, left, previous].filter((build) => build !== undefined)
  const record = { newest: building.number, building, previous: undefined, dropping }
  const next = { ...builds, ...record, revision: randomUUID() }
  if (!(await storage.writeBuilds(builds, next)))
    return beginBuild(storage, (await storage.readBuilds()) ?? builds, { store, declared })
  await dropLeftOvers(storage)
  return { live, building, isResumed: false }
}

/**
 * Makes a new build the live one, by one write of the builds record.
 *
 * @returns false: the record was changed since `builds` was read.
 */
export async function switchTo<Document>(
  storage: ReadModelStorage<Document>,
  building: Build,
  builds: BuildsRecord,
): Promise<boolean> {
  const record = { live: building, building: undefined, previous: builds.live }
  return storage.writeBuilds(builds, { ...builds, ...record, revision: randomUUID() })
}

/** Gives up a new build. */
export async function abandon<Document>(
  storage: ReadModelStorage<Document>,
  building: Build,
): Promise<void> {
  const builds = await recordOf(storage, building)
  const record = { building: undefined, dropping: [...builds.dropping, building] }
  if (!(await storage.writeBuilds(builds, { ...builds, ...record, revision: randomUUID() })))
    return abandon(storage, building)
  await dropLeftOvers(storage)
}

/** Drops the builds that stand in the record to be dropped; what another process was interrupted at, too. */
export async function dropLeftOvers<Document>(storage: ReadModelStorage<Document>): Promise<void> {
  const builds = await storage.readBuilds()
  if (builds === undefined || builds.dropping.length === 0) return
  for (const build of builds.dropping) await storage.drop(build)
  const next = { ...builds, dropping: [], revision: randomUUID() }
  if (!(await storage.writeBuilds(builds, next))) await dropLeftOvers(storage)
}

/** @throws {RebuildConflictError} the record does not name the build any more. */
export async function recordOf<Document>(
  storage: ReadModelStorage<Document>,
  building: Build,
): Promise<BuildsRecord> {
  const builds = await storage.readBuilds()
  if (builds?.building?.number !== building.number)
    throw new RebuildConflictError(storage.name, building.number)
  return builds
}

/** A build that was begun goes on if the same definition made it, and the log still holds what it has folded. */
async function canGoOn<Document>(
  storage: ReadModelStorage<Document>,
  left: Build,
  { store, declared }: BeginOptions,
): Promise<boolean> {
  if (left.version !== declared.version || left.fingerprint !== declared.fingerprint) return false
  try {
    const { checkpoint } = await storage.readLane(left, 0)
    return checkpoint === undefined || (await store.contains(checkpoint))
  } catch (error) {
    if (error instanceof BuildNotPreparedError) return true // it was put into the record, and no further
    throw error
  }
}
