import type { DatabaseSession, Row } from '../database/database.ts'
import { quoteLiteral } from '../database/quote-literal.ts'
import type { SchemaSql } from './schema-sql.ts'
import { UnsafeLogError } from './unsafe-log-error.ts'

/**
 * Checks what the order of the log, and the versions of its streams, rest on.
 *
 * @throws {UnsafeLogError} the sequence of positions was changed, is behind the events or may not be read, or an index is missing.
 */
export async function checkLog(
  session: Pick<DatabaseSession, 'query'>,
  sql: SchemaSql,
): Promise<void> {
  const [state] = await session.query(sql.query('log_state'))
  const [cache, increment, mayRead, lastValue, greatest, missing] = state as LogState & Row
  const sequence = `${sql.identifier}.events_position_seq`
  if (mayRead === 'f')
    throw new UnsafeLogError(
      `This role may not read sequence ${sequence}, so that the log would seem to be empty.`,
      `Run: GRANT SELECT ON SEQUENCE ${sequence} TO this role.`,
    )
  if (cache !== '1' || increment !== '1')
    throw new UnsafeLogError(
      `Sequence ${sequence} has CACHE ${cache} and INCREMENT ${increment}, so positions would not rise in the order in which they are drawn.`,
      `Run: ALTER SEQUENCE ${sequence} CACHE 1 INCREMENT 1`,
    )
  if (BigInt(lastValue) < BigInt(greatest))
    throw new UnsafeLogError(
      `Sequence ${sequence} is at ${lastValue}, and the log has events up to ${greatest}: positions would be handed out twice.`,
      `Run: SELECT setval(${quoteLiteral(sequence)}, ${greatest})`,
    )
  if (missing !== '')
    throw new UnsafeLogError(
      `Table ${sql.identifier}.events has no valid unique index ${missing}, so that one version could be written twice.`,
      'Make it as the migrations do (migrationSql() prints them), or restore the table whole.',
    )
}

type LogState = readonly [
  cache: string,
  increment: string,
  mayRead: string,
  lastValue: string,
  greatest: string,
  missing: string,
]
