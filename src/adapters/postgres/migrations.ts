import type { Database, DatabaseSession } from './database.ts'
import type { SchemaSql } from './schema-sql.ts'
import { SchemaVersionError } from './schema-version-error.ts'

/** The files in `sql/`, in their order: the version of a schema is the number of those applied to it. */
const MIGRATIONS: readonly string[] = ['001_events.sql']

/**
 * Brings a schema to the version that this code knows; makes it when it is missing. Safe when many processes start at once.
 *
 * @throws {SchemaVersionError} newer code has migrated it.
 */
export async function migrate(database: Database, schema: string, sql: SchemaSql): Promise<void> {
  const isCurrent = await database.session(async (session) => {
    const version = await versionOf(session, schema, sql)
    return version !== undefined && !isBehind(schema, version)
  })
  if (!isCurrent) await database.transaction((session) => applyMissing(session, schema, sql))
}

async function applyMissing(
  session: DatabaseSession,
  schema: string,
  sql: SchemaSql,
): Promise<void> {
  await session.query(LOCK, [schema])
  const found = await versionOf(session, schema, sql)
  if (found === undefined) await makeSchema(session, schema, sql)
  else if (!isBehind(schema, found)) return
  const applied = found ?? 0
  for (const [index, file] of MIGRATIONS.entries()) {
    if (index < applied) continue
    await session.script(sql.text(file))
    await session.query(
      { text: `INSERT INTO ${sql.identifier}.migrations (version, name) VALUES ($1, $2)` },
      [index + 1, file],
    )
  }
}

/** Undefined: the schema holds no record of migrations. */
async function versionOf(
  session: DatabaseSession,
  schema: string,
  { identifier }: SchemaSql,
): Promise<number | undefined> {
  const [found] = await session.query(FIND_RECORD, [schema])
  if (found === undefined) return undefined
  const text = `SELECT max(version) FROM ${identifier}.migrations`
  const [[version] = []] = await session.query({ text })
  return Number(version ?? 0)
}

/** Not by `to_regclass`: after the wait for the lock it can still answer from before, and miss what another process has just made. */
const FIND_RECORD = {
  text: `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = 'migrations'`,
}

function isBehind(schema: string, found: number): boolean {
  const known = MIGRATIONS.length
  if (found > known) throw new SchemaVersionError(schema, { found, known })
  return found < known
}

/** Asks first: a role may own a schema and yet not be allowed to make one, not even one that exists. */
async function makeSchema(session: DatabaseSession, schema: string, sql: SchemaSql): Promise<void> {
  const [existing] = await session.query(
    { text: 'SELECT 1 FROM pg_namespace WHERE nspname = $1' },
    [schema],
  )
  if (existing === undefined) await session.script(`CREATE SCHEMA ${sql.identifier}`)
  await session.script(sql.text('migrations.sql'))
}

/** The class is 'ever' in ASCII, apart from those of the logs, which are oids of sequences. */
const LOCK = {
  text: "SELECT pg_advisory_xact_lock(1702258034, hashtext('everfold migrations ' || $1))",
}
