import type { GlobalPosition } from '../event-store/global-position.ts'
import { held } from '../event-store/held.ts'
import type { Build, BuildsRecord } from './builds/build.ts'
import { BuildNotPreparedError } from './builds/build-not-prepared-error.ts'
import { declaredVersionOf } from './declared-version.ts'
import { announcementsOf, type LaneWait } from './lanes/lane-announcements.ts'
import { Sightings } from './lanes/sightings.ts'
import type { ReadModel, WaitOptions } from './read-model.ts'
import type { DocumentAt, LaneRecord, ReadModelStorage } from './read-model-storage.ts'
import { WaitTimeoutError } from './wait-timeout-error.ts'

/** How often `waitFor` looks at lanes that another process moves. */
const POLL_INTERVAL_MS = 20

/**
 * Makes what users hold of a sink's storage.
 *
 * @param recent gives the builds record as it was a moment ago, so that a reader need not ask for it each time. A build that is gone is never read because of
 * it: then the record is read as it is. Default: as it is.
 */
export function createReadModel<Document>(
  storage: ReadModelStorage<Document>,
  recent: RecentBuilds = () => storage.readBuilds(),
): ReadModel<Document> {
  const getMany = async (keys: readonly string[]): Promise<ReadonlyMap<string, Document>> => {
    if (keys.length === 0) return new Map()
    const nothing: ReadonlyMap<string, DocumentAt<Document>> = new Map()
    const read = (live: Build) => storage.load(live, keys)
    const found = await ofReadBuild(storage, { recent, read, nothing })
    return new Map(
      [...found].flatMap(([key, { document }]) =>
        document === undefined ? [] : [[key, document]],
      ),
    )
  }
  return {
    storage,
    get: async (key) => (await getMany([key])).get(key),
    getMany,
    waitFor: (position, options) => waitFor({ storage, recent }, position, options),
  }
}

export type RecentBuilds = () => Promise<BuildsRecord | undefined>

interface Reader<Document> {
  readonly storage: ReadModelStorage<Document>
  readonly recent: RecentBuilds
}

async function waitFor<Document>(
  { storage, recent }: Reader<Document>,
  position: GlobalPosition | undefined,
  { timeoutMs = 5000, signal }: WaitOptions = {},
): Promise<void> {
  if (position === undefined) return
  const announcements = announcementsOf(storage)
  const deadline = performance.now() + timeoutMs
  const sightings = new Sightings()
  const wait = announcements.wait()
  try {
    for (let isMoving = true; ;) {
      signal?.throwIfAborted()
      const leftMs = deadline - performance.now()
      const look = await ofReadBuild<Document, 'behind' | Look>(storage, {
        ...{ recent, nothing: { lanes: [] } },
        read: async (build) => {
          const isBehind = isMoving && leftMs > 0 && announcements.isBehind(build, position)
          return isBehind ? 'behind' : lookAt(storage, build, { wait, position })
        },
      })
      if (look !== 'behind') {
        if ('reached' in look && (await isStillRead(storage, look.reached))) return
        const slowest = 'lanes' in look ? slowestOf(look.lanes) : undefined
        const unchangedMs = sightings.unchangedMs('slowest', slowest?.revision ?? '')
        if (leftMs <= 0) throw timeout(storage.name, { position, timeoutMs, slowest, unchangedMs })
      }
      isMoving = await wait.moveWithin(Math.min(POLL_INTERVAL_MS, leftMs))
    }
  } finally {
    wait.end()
  }
}

type Look = { readonly reached: Build } | { readonly lanes: readonly LaneRecord[] }

/** Reads the lanes of a build, unless all of them get there meanwhile: then a slow answer is not awaited. */
async function lookAt<Document>(
  storage: ReadModelStorage<Document>,
  build: Build,
  { wait, position }: { readonly wait: LaneWait; readonly position: GlobalPosition },
): Promise<Look> {
  if (wait.hasSeen(build, position)) return { reached: build }
  const read = held(storage.readLanes(build))
  const seen = wait.seen(build, position).then(() => undefined)
  const lanes = (await Promise.race([seen, read]))?.slice(0, build.lanes)
  const isThere = lanes === undefined || lanes.every((lane) => placeOf(lane) >= position)
  return isThere ? { reached: build } : { lanes }
}

/** Readers may have been switched before the build that they had left came so far: what they have now is perhaps not there yet. */
async function isStillRead<Document>(
  storage: ReadModelStorage<Document>,
  { number }: Build,
): Promise<boolean> {
  const builds = await storage.readBuilds()
  return builds !== undefined && readBuildOf(storage, builds).number === number
}

const slowestOf = (lanes: readonly LaneRecord[]): LaneRecord | undefined =>
  lanes.toSorted((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1))[0]

/**
 * Reads the build that this code's readers see: the live one, or the previous one if that is of the version that this code declares. Again when it was dropped
 * meanwhile; `nothing` while it is not prepared yet.
 */
export async function ofReadBuild<Document, Result>(
  storage: ReadModelStorage<Document>,
  reading: {
    readonly recent: RecentBuilds
    readonly read: (live: Build) => Promise<Result>
    readonly nothing: Result
  },
): Promise<Result> {
  const { recent, read, nothing } = reading
  const builds = await recent()
  if (builds === undefined) return nothing
  const build = readBuildOf(storage, builds)
  try {
    return await read(build)
  } catch (error) {
    if (!(error instanceof BuildNotPreparedError)) throw error
    const now = await storage.readBuilds()
    const isStillThat = now !== undefined && readBuildOf(storage, now).number === build.number
    return isStillThat ? nothing : ofReadBuild(storage, reading)
  }
}

/** The build that this code's readers see. */
export function readBuildOf<Document>(
  storage: ReadModelStorage<Document>,
  { live, previous }: BuildsRecord,
): Build {
  const version = declaredVersionOf(storage) ?? live.version
  return live.version !== version && previous?.version === version ? previous : live
}

const placeOf = ({ checkpoint }: LaneRecord): bigint => checkpoint?.position ?? 0n

function timeout(
  name: string,
  at: {
    readonly position: GlobalPosition
    readonly timeoutMs: number
    readonly slowest: LaneRecord | undefined
    readonly unchangedMs: number
  },
): WaitTimeoutError {
  const { slowest, unchangedMs, ...wait } = at
  const isSilent = slowest !== undefined && unchangedMs > slowest.leaseMs
  return new WaitTimeoutError(name, {
    ...wait,
    reached: slowest?.checkpoint?.position,
    owner: slowest?.owner,
    stall: slowest?.stall,
    isSilent,
  })
}
