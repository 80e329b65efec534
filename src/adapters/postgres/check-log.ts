import type { Database } from './database.ts'
import type { SchemaSql } from './schema-sql.ts'
import { UnsafeLogError } from './unsafe-log-error.ts'

/**
 * Checks what the order of the log rests on.
 *
 * @throws {UnsafeLogError} the server is a standby, or the sequence of positions was changed or is behind the events.
 */
export async function checkLog(database: Database, sql: SchemaSql): Promise<void> {
  const [state = []] = await database.query(sql.query('log_state'))
  const [isStandby, cache, increment, lastValue, greatest] = state as readonly string[]
  const sequence = `${sql.identifier}.events_position_seq`
  if (isStandby === 't')
    throw new UnsafeLogError(
      'The server is a standby, which does not see unfinished appends.',
      'Connect to the primary.',
    )
  if (cache !== '1' || increment !== '1')
    throw new UnsafeLogError(
      `Sequence ${sequence} has CACHE ${cache} and INCREMENT ${increment}, so positions would not rise in the order in which they are drawn.`,
      `Run: ALTER SEQUENCE ${sequence} CACHE 1 INCREMENT 1`,
    )
  if (BigInt(lastValue ?? 0) < BigInt(greatest ?? 0))
    throw new UnsafeLogError(
      `Sequence ${sequence} is at ${lastValue}, and the log has events up to ${greatest}: positions would be handed out twice.`,
      `Run: SELECT setval('${sequence.replaceAll("'", "''")}', ${greatest})`,
    )
}
