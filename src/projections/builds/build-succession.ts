import { randomUUID } from 'node:crypto'
import type { EventReader } from '../../event-store/event-reader.ts'
import type { ReadModelStorage } from '../read-model-storage.ts'
import { BuildNotPreparedError } from './build-not-prepared-error.ts'
import type { Build, BuildsRecord } from './build.ts'
import { RebuildConflictError } from './rebuild-conflict-error.ts'
import { unlessNotPrepared } from './unless-not-prepared.ts'

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
  /** Asked of the very record that is written, or gone on with: others may have built it meanwhile, or taken it back. */
  readonly isWanted: (builds: BuildsRecord) => boolean
}

/**
 * Puts a new build into the builds record, or finds the one that an interrupted rebuild left there. One that is not needed any more is dropped: after it
 * left the record, so that nobody can make it live meanwhile.
 *
 * @returns undefined: it is not wanted.
 * @throws {RebuildConflictError} a build of a higher version is being made.
 */
export async function beginBuild<Document>(
  storage: ReadModelStorage<Document>,
  { store, declared, isWanted }: BeginOptions,
): Promise<Succession | undefined> {
  for (;;) {
    const builds = await buildsOf(storage)
    if (!isWanted(builds)) return undefined
    const { live, building: left, newest } = builds
    if (left !== undefined && left.version > declared.version)
      throw new RebuildConflictError(storage.name, left.number)
    if (left !== undefined && (await canGoOn(storage, left, { store, declared })))
      return { live, building: left, isResumed: true }
    const building = { ...declared, number: newest + 1 }
    const dropping = left === undefined ? builds.dropping : [...builds.dropping, left]
    const rolledBack = builds.rolledBack.filter((version) => version !== declared.version)
    const record = { newest: building.number, building, dropping, rolledBack }
    if (!(await change(storage, builds, record))) continue
    await dropLeftOvers(storage)
    return { live, building, isResumed: false }
  }
}

/**
 * Makes a build the live one, by one write of the builds record. The one that was live is kept as the previous one, in place of the one that was.
 *
 * @returns false: the record was changed since `builds` was read.
 */
export async function succeed<Document>(
  storage: ReadModelStorage<Document>,
  target: Build,
  builds: BuildsRecord,
): Promise<boolean> {
  const { live, building, previous } = builds
  const isBuilding = building?.number === target.number
  const isLower = target.version < live.version
  const dropping =
    previous === undefined || previous.number === target.number
      ? builds.dropping
      : [...builds.dropping, previous]
  const others = builds.rolledBack.filter((version) => version !== target.version)
  return change(storage, builds, {
    live: target,
    building: isBuilding ? undefined : building,
    previous: live,
    dropping,
    rolledBack: isLower ? [...others, live.version] : others,
  })
}

/** Gives up a new build. */
export async function abandon<Document>(
  storage: ReadModelStorage<Document>,
  building: Build,
): Promise<void> {
  for (;;) {
    const builds = await buildsOf(storage)
    if (builds.building?.number !== building.number) return
    const dropping = [...builds.dropping, building]
    if (await change(storage, builds, { building: undefined, dropping })) break
  }
  await dropLeftOvers(storage)
}

/** Drops the build that was live before, and what else is not needed. */
export async function prune<Document>(
  storage: ReadModelStorage<Document>,
): Promise<Build | undefined> {
  for (;;) {
    const builds = await buildsOf(storage)
    const { previous } = builds
    const dropping = previous === undefined ? builds.dropping : [...builds.dropping, previous]
    if (
      previous !== undefined &&
      !(await change(storage, builds, { previous: undefined, dropping }))
    )
      continue
    await dropLeftOvers(storage)
    return previous
  }
}

/**
 * Says that the live build is made by other code from now on, as it stands.
 *
 * @returns false: the record was changed since `builds` was read.
 */
export async function replaceLive<Document>(
  storage: ReadModelStorage<Document>,
  builds: BuildsRecord,
  live: Build,
): Promise<boolean> {
  return change(storage, builds, { live })
}

/** Keeps all lanes from being moved by any runner, or no longer. */
export async function setPaused<Document>(
  storage: ReadModelStorage<Document>,
  isPaused: boolean,
): Promise<void> {
  for (;;) {
    const builds = await buildsOf(storage)
    if (builds.isPaused === isPaused || (await change(storage, builds, { isPaused }))) return
  }
}

/**
 * Drops the builds that stand in the record to be dropped; what another process was interrupted at, too. Readers from outside may still be shown one of
 * them, so they are shown the live one first.
 */
export async function dropLeftOvers<Document>(storage: ReadModelStorage<Document>): Promise<void> {
  for (;;) {
    const builds = await storage.readBuilds()
    if (builds === undefined || builds.dropping.length === 0) return
    await storage.publish(builds.live).catch(unlessNotPrepared)
    for (const build of builds.dropping) await storage.drop(build)
    const dropped = new Set(builds.dropping.map(({ number }) => number))
    const now = await buildsOf(storage)
    const dropping = now.dropping.filter(({ number }) => !dropped.has(number))
    await change(storage, now, { dropping })
  }
}

/** @throws {BuildNotPreparedError} nothing was ever built here. */
export async function buildsOf<Document>(
  storage: ReadModelStorage<Document>,
): Promise<BuildsRecord> {
  const builds = await storage.readBuilds()
  if (builds === undefined) throw new BuildNotPreparedError(storage.name, 1)
  return builds
}

async function change<Document>(
  storage: ReadModelStorage<Document>,
  builds: BuildsRecord,
  changes: Partial<BuildsRecord>,
): Promise<boolean> {
  const next = { ...builds, ...changes, revision: randomUUID() }
  try {
    return await storage.writeBuilds(builds, next)
  } catch (error) {
    const now = await storage.readBuilds() // its reply was lost, perhaps: the record's revision tells
    if (now?.revision === next.revision) return true
    throw error
  }
}

/** A build that was begun goes on if the same definition made it, and the log still holds what it has folded. */
async function canGoOn<Document>(
  storage: ReadModelStorage<Document>,
  left: Build,
  { store, declared }: Omit<BeginOptions, 'isWanted'>,
): Promise<boolean> {
  if (left.version !== declared.version || left.fingerprint !== declared.fingerprint) return false
  if (left.lanes !== declared.lanes) return false
  try {
    for (const { checkpoint } of await storage.readLanes(left))
      if (checkpoint !== undefined && !(await store.contains(checkpoint))) return false
    return true
  } catch (error) {
    if (error instanceof BuildNotPreparedError) return true // it was put into the record, and no further
    throw error
  }
}
