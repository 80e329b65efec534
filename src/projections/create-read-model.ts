import type { GlobalPosition } from '../event-store/global-position.ts'
import type { Build } from './build.ts'
import { BuildNotPreparedError } from './build-not-prepared-error.ts'
import { announcementsOf } from './lane-announcements.ts'
import type { ReadModel, WaitOptions } from './read-model.ts'
import type { DocumentAt, LaneRecord, ReadModelStorage } from './read-model-storage.ts'
import { WaitTimeoutError } from './wait-timeout-error.ts'

/** How often `waitFor` looks at lanes that another process moves. */
const POLL_INTERVAL_MS = 20

/** Makes what users hold of a sink's storage. */
export function createReadModel<Document>(
  storage: ReadModelStorage<Document>,
): ReadModel<Document> {
  const getMany = async (keys: readonly string[]): Promise<ReadonlyMap<string, Document>> => {
    if (keys.length === 0) return new Map()
    const nothing: ReadonlyMap<string, DocumentAt<Document>> = new Map()
    const found = await ofLiveBuild(storage, (live) => storage.load(live, keys), nothing)
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
    waitFor: (position, options) => waitFor(storage, position, options),
  }
}

async function waitFor<Document>(
  storage: ReadModelStorage<Document>,
  position: GlobalPosition | undefined,
  { timeoutMs = 5000, signal }: WaitOptions = {},
): Promise<void> {
  if (position === undefined) return
  const announcements = announcementsOf(storage)
  const deadline = performance.now() + timeoutMs
  const stopWaiting = announcements.wait()
  try {
    for (;;) {
      signal?.throwIfAborted()
      const lanes = await liveLanes(storage)
      const slowest = lanes.toSorted((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1))[0]
      if (slowest !== undefined && placeOf(slowest) >= position) return
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw timeout(storage.name, { position, timeoutMs, slowest })
      await announcements.moveWithin(Math.min(POLL_INTERVAL_MS, leftMs))
    }
  } finally {
    stopWaiting()
  }
}

async function liveLanes<Document>(
  storage: ReadModelStorage<Document>,
): Promise<readonly LaneRecord[]> {
  return ofLiveBuild(
    storage,
    (live) =>
      Promise.all(
        Array.from({ length: live.lanes }, (_, number) => storage.readLane(live, number)),
      ),
    [],
  )
}

/** Reads the live build; again when it was dropped meanwhile, because another one is live; `nothing` while it is not prepared yet. */
async function ofLiveBuild<Document, Result>(
  storage: ReadModelStorage<Document>,
  read: (live: Build) => Promise<Result>,
  nothing: Result,
): Promise<Result> {
  const builds = await storage.readBuilds()
  if (builds === undefined) return nothing
  try {
    return await read(builds.live)
  } catch (error) {
    if (!(error instanceof BuildNotPreparedError)) throw error
    const now = await storage.readBuilds()
    return now?.live.number === builds.live.number ? nothing : ofLiveBuild(storage, read, nothing)
  }
}

const placeOf = ({ checkpoint }: LaneRecord): bigint => checkpoint?.position ?? 0n

function timeout(
  name: string,
  at: {
    readonly position: GlobalPosition
    readonly timeoutMs: number
    readonly slowest: LaneRecord | undefined
  },
): WaitTimeoutError {
  const { slowest, ...wait } = at
  return new WaitTimeoutError(name, {
    ...wait,
    reached: slowest?.checkpoint?.position,
    owner: slowest?.owner,
  })
}
