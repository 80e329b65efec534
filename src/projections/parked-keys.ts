import { randomUUID } from 'node:crypto'
import type { GlobalPosition } from '../event-store/global-position.ts'
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

/** What a request found in a build: that it is asked, or done before, or that the key is not parked; else which parked event is the first one instead. */
export type RequestOutcome = 'asked' | 'not-parked' | { readonly first: GlobalPosition }

/** Asks the owners of a key's lanes to fold its parked events, or all but the first one, if that is the one to be given up; of each build. */
export async function requestParked<Document>(
  storage: ReadModelStorage<Document>,
  builds: readonly Build[],
  asked: Omit<LaneRequest, 'id'>,
): Promise<readonly RequestOutcome[]> {
  const outcomes: RequestOutcome[] = []
  for (const build of builds) outcomes.push(await requestIn(storage, build, asked))
  return outcomes
}

async function requestIn<Document>(
  storage: ReadModelStorage<Document>,
  build: Build,
  asked: Omit<LaneRequest, 'id'>,
): Promise<RequestOutcome> {
  const { key, discard } = asked
  const number = laneOf(key, build.lanes)
  const request = { ...asked, id: randomUUID() }
  for (;;) {
    const previous = await storage.readLane(build, number)
    const first = previous.parked.get(key)
    if (discard !== undefined && discard.position !== first) {
      if (await isGivenUp(storage, build, asked)) return 'asked'
      if (first !== undefined) return { first }
    }
    if (first === undefined) return 'not-parked'
    const requests = [...previous.requests, request]
    const next = { ...previous, requests, revision: randomUUID() }
    if (await writeLane({ storage, build, number }, previous, next)) return 'asked'
  }
}

async function isGivenUp<Document>(
  storage: ReadModelStorage<Document>,
  build: Build,
  { key, discard }: Omit<LaneRequest, 'id'>,
): Promise<boolean> {
  for await (const page of storage.readParked(build, laneOf(key, build.lanes), key))
    for (const { position, discarded } of page)
      if (position === discard?.position) return discarded !== undefined
  return false
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
