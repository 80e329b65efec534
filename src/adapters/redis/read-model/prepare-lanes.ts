import { BuildNotPreparedError } from '../../../projections/builds/build-not-prepared-error.ts'
import type { Build, BuildsRecord } from '../../../projections/builds/build.ts'
import { newLaneRecord } from '../../../projections/lanes/lane-record.ts'
import type { RedisConnection } from '../client/redis-connection.ts'
import { PREPARE_LANE, UNDO_LANE } from '../scripts/builds.ts'
import type { KeyLayout, LaneKeys } from './key-layout.ts'
import { KeyTakenError } from './key-taken-error.ts'
import { laneFields } from './lane-fields.ts'
import { LaneLostError } from './lane-lost-error.ts'

export interface LanePreparation {
  readonly layout: KeyLayout
  /** Which sorted sets and sets there are. */
  readonly indexes: string
  readonly readBuilds: () => Promise<BuildsRecord | undefined>
}

/**
 * Makes the records of a build that stands in the builds record, where they are missing.
 *
 * They are in other slots than that record, so it is read again afterwards: a build that was dropped meanwhile keeps none of them.
 *
 * @throws {BuildNotPreparedError} it does not stand there.
 * @throws {LaneLostError} documents are there without the record of their lane.
 * @throws {KeyTakenError} there is another build of this number: the builds record was lost.
 */
export async function prepareLanes(
  connection: RedisConnection,
  build: Build,
  { layout, indexes, readBuilds }: LanePreparation,
): Promise<void> {
  const readModel = layout.prefix
  if (!isKnown(build, await readBuilds())) throw new BuildNotPreparedError(readModel, build.number)
  const { projection, version, fingerprint, lanes } = build
  const what = JSON.stringify({ projection, version, fingerprint, lanes })
  const made: { readonly keys: LaneKeys; readonly revision: string }[] = []
  for (const keys of layout.lanes(build)) {
    const record = newLaneRecord()
    const args = [what, ...laneFields(record), 'indexes', indexes]
    const outcome = await connection.runScript(PREPARE_LANE, [keys.lane, keys.keys], args)
    if (outcome === 1) made.push({ keys, revision: record.revision })
    else if (outcome === 'dropped') throw new BuildNotPreparedError(readModel, build.number)
    else if (outcome === 'lost') throw new LaneLostError(readModel, keys.lane)
    else if (outcome !== 0)
      throw new KeyTakenError(readModel, keys.lane, `belongs to another build: ${String(outcome)}`)
  }
  if (made.length === 0 || isKnown(build, await readBuilds())) return
  for (const { keys, revision } of made)
    await connection.runScript(UNDO_LANE, [keys.lane], [revision])
  throw new BuildNotPreparedError(readModel, build.number)
}

function isKnown({ number }: Build, builds: BuildsRecord | undefined): boolean {
  const known = [builds?.live, builds?.building, builds?.previous]
  return known.some((each) => each?.number === number)
}
