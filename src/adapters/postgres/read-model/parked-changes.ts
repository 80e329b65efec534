import type { LaneChanges } from '../../../projections/read-model-storage.ts'
import type { Parameter } from '../database/database.ts'
import { digestOf, parkedCells, reasonText } from './parked-row.ts'

/** Events to be parked by column, then those to be removed, then those that are given up. */
export function parkedLists<Document>({
  park,
  unpark,
}: LaneChanges<Document>): readonly Parameter[] {
  const rows = park.map(parkedCells)
  const removed = unpark.filter(({ discarded }) => discarded === undefined)
  const givenUp = unpark.filter(({ discarded }) => discarded !== undefined)
  return [
    ...PARKED_TYPES.map((_, index) => rows.map((row) => row[index] ?? null)),
    ...[removed.map(({ key }) => digestOf(key)), removed.map(({ position }) => position)],
    ...[givenUp.map(({ key }) => digestOf(key)), givenUp.map(({ position }) => position)],
    givenUp.map(({ discarded }) => reasonText(discarded)),
  ]
}

const PARKED_TYPES = ['text', 'bigint', 'json', 'json']
const PLACE_TYPES = ['text', 'bigint']

/** Gives lists of some types the parameters after those that are taken. */
export function listsAfter(parameters: number): (types: readonly string[]) => string {
  let parameter = parameters
  return (types) => types.map((type) => `$${++parameter}::${type}[]`).join(', ')
}

/**
 * What follows the lane in a commit. `$1` to `$4` name the lane.
 *
 * Each row is looked up by itself, then found by where it lies: joined with unnest, a table without statistics is read whole.
 */
export function parkedSql(table: string, listsOf: (types: readonly string[]) => string): string {
  const place = `(
    SELECT ctid FROM ${table}
    WHERE table_schema = $1 AND table_name = $2 AND build = $3::bigint AND lane = $4::integer AND key_digest = digest AND position = place
  )`
  return `, parked AS (
  INSERT INTO ${table} (table_schema, table_name, build, lane, key_digest, position, event, discarded)
  SELECT $1, $2, $3::bigint, $4::integer, event.* FROM unnest(${listsOf(PARKED_TYPES)}) AS event WHERE EXISTS (SELECT FROM lane)
  ON CONFLICT (table_schema, table_name, build, lane, key_digest, position) DO UPDATE SET event = excluded.event, discarded = excluded.discarded
), unparked AS (
  DELETE FROM ${table}
  WHERE ctid = ANY (ARRAY (SELECT ${place} FROM unnest(${listsOf(PLACE_TYPES)}) AS done (digest, place))) AND EXISTS (SELECT FROM lane)
), given_up AS (
  UPDATE ${table} AS parked SET discarded = reason
  FROM (SELECT ${place}, reason FROM unnest(${listsOf([...PLACE_TYPES, 'json'])}) AS given_up (digest, place, reason)) AS given_up (found, reason)
  WHERE ctid = found AND EXISTS (SELECT FROM lane)
)`
}
