import { randomUUID } from 'node:crypto'
import type { Build } from './builds/build.ts'
import { buildsOf } from './builds/build-succession.ts'
import { laneOf } from './lanes/lane-of.ts'
import { writeLane } from './lanes/lane-claim.ts'
import type { LaneRequest, ParkedEvent, ReadModelStorage } from './read-model-storage.ts'

/** A parked event, and the build in which it is parked. */
export interface ParkedEntry extends ParkedEvent {
  readonly build: number
}

/** Gives the parked events of the builds of a version, with those that were given up; of one key, or of all. */
export async function* parkedEntries<Document>(
  storage: ReadModelStorage<Document>,
  builds: readonly Build[],
  key?: string,
): AsyncGenerator<ParkedEntry> {
  for (const build of builds) {
    const lanes =
      key === undefined
        ? Array.from({ length: build.lanes }, (_, number) => number)
        : [laneOf(key, build.lanes)]
    for (const lane of lanes)
      for await (const page of storage.readParked(build, lane, key))
        for (const parked of page) yield { ...parked, build: build.number }
  }
}

/**
 * Asks the owners of a key's lanes to fold its parked events, or all but the first, in each build in which it is parked.
 *
 * @returns in how many builds the key was parked.
 */
export async function requestParked<Document>(
  storage: ReadModelStorage<Document>,
  builds: readonly Build[],
  asked: Omit<LaneRequest, 'id'>,
): Promise<number> {
  let parkedIn = 0
  for (const build of builds) if (await requestIn(storage, build, asked)) parkedIn++
  return parkedIn
}

async function requestIn<Document>(
  storage: ReadModelStorage<Document>,
  build: Build,
  asked: Omit<LaneRequest, 'id'>,
): Promise<boolean> {
  const number = laneOf(asked.key, build.lanes)
  const request = { ...asked, id: randomUUID() }
  for (;;) {
    const previous = await storage.readLane(build, number)
    if (!previous.parked.has(asked.key)) return false
    const requests = [...previous.requests, request]
    const next = { ...previous, requests, revision: randomUUID() }
    if (await writeLane({ storage, build, number }, previous, next)) return true
  }
}

/** The builds of a read model that this version of the projection makes. */
export async function buildsOfVersion<Document>(
  storage: ReadModelStorage<Document>,
  version: number,
): Promise<readonly Build[]> {
  const { live, building, previous } = await buildsOf(storage)
  return [live, building, previous].filter(
    (build) => build?.version === version,
  ) as readonly Build[]
}
