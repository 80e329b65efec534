import type { RedisConnection } from '../client/redis-connection.ts'
import { DROP_DOCUMENTS, DROP_REST } from '../scripts/drop.ts'
import { setArguments } from './commit-arguments.ts'
import type { LaneKeys } from './key-layout.ts'

/** Documents removed by one script: others are served between two of them. */
const SLICE = 500

/** How long the mark of a dropped lane stays, in milliseconds. */
const MARKED_MS = 3_600_000

/** Names of the sorted sets and sets of a build. */
export interface IndexNames {
  readonly sortedSets: readonly string[]
  readonly sets: readonly string[]
}

/** Removes what a lane that is marked as dropped holds, found by its own keys. */
export async function dropLane(
  connection: RedisConnection,
  lane: LaneKeys,
  { sortedSets, sets }: IndexNames,
): Promise<void> {
  const call = { key: lane.keys }
  const slice = ['ZRANGE', lane.keys, '0', String(SLICE - 1)]
  for (;;) {
    const keys = (await connection.run(slice, call)) as readonly string[]
    if (keys.length === 0) break
    const names = [lane.lane, lane.keys, ...keys.map((key) => lane.document(key))]
    const args = [`${sets.length}`, ...setArguments(lane, sets), ...keys]
    await connection.runScript(DROP_DOCUMENTS, names, args)
  }
  const rest = [lane.keys, lane.parked, lane.parkedEvents, lane.parkedDiscarded]
  const sorted = sortedSets.map((name) => lane.sortedSet(name))
  await connection.runScript(DROP_REST, [lane.lane, ...rest, ...sorted], [`${MARKED_MS}`])
}
