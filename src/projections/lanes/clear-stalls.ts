import { randomUUID } from 'node:crypto'
import { buildsOf } from '../builds/build-succession.ts'
import type { Build } from '../builds/build.ts'
import type { ReadModelStorage } from '../read-model-storage.ts'
import { writeLane } from './lane-claim.ts'

/** Lets runners try the lanes of a read model again that have stopped. */
export async function clearStalls<Document>(storage: ReadModelStorage<Document>): Promise<void> {
  const { live, building, previous } = await buildsOf(storage)
  for (const build of [live, building, previous])
    if (build !== undefined)
      for (const number of (await storage.readLanes(build)).keys())
        await clearStall(storage, build, number)
}

async function clearStall<Document>(
  storage: ReadModelStorage<Document>,
  build: Build,
  number: number,
): Promise<void> {
  for (;;) {
    const previous = await storage.readLane(build, number)
    if (previous.stall === undefined) return
    const next = { ...previous, stall: undefined, revision: randomUUID() }
    if (await writeLane({ storage, build, number }, previous, next)) return
  }
}
