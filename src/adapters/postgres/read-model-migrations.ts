import type { Database, DatabaseSession } from './database.ts'
import type { SchemaSql } from './schema-sql.ts'
import { SchemaVersionError } from './schema-version-error.ts'

/** The files in `sql/`, in their order: the version of the records is the number of those applied. */
const MIGRATIONS: readonly string[] = ['read_models_001.sql']

/**
 * Makes the records of read models in a schema, or brings them to the version that this code knows. Safe when many processes start at once;
 * when there is nothing to do it only reads.
 *
 * @throws {SchemaVersionError} newer code has migrated them.
 */
export async function migrateReadModels(
  database: Database,
  schema: string,
  sql: SchemaSql,
): Promise<void> {
  const found = await database.session((session) => versionOf(session, schema, sql))
  if (found !== undefined && !isBehind(schema, found)) return
  await database.transaction((session) => applyMissing(session, schema, sql))
}

async function applyMissing(
  session: DatabaseSession,
  schema: string,
  sql: SchemaSql,
): Promise<void> {
  await session.query(LOCK, [schema])
  const found = await versionOf(session, schema, sql)
  if (found === undefined) await makeSchema(session, schema, sql)
  for (const [index, file] of MIGRATIONS.entries()) {
    if (index < (found ?? 0)) continue
    await session.script(sql.text(file))
    await session.query(
      {
        text: `INSERT INTO ${sql.identifier}.read_model_migrations (version, name) VALUES ($1::integer, $2)`,
      },
      [index + 1, file],
    )
  }
}

/** Undefined: the schema holds no records of read models. */
async function versionOf(
  session: DatabaseSession,
  schema: string,
  { identifier }: SchemaSql,
): Promise<number | undefined> {
  const [found] = await session.query(FIND, [schema])
  if (found === undefined) return undefined
  const sql = `SELECT max(version) FROM ${identifier}.read_model_migrations`
  const [[version] = []] = await session.query({ text: sql })
  return Number(version ?? 0)
}

/** Not by `to_regclass`: after the wait for a lock it can still answer from before, and miss what another process has just made. */
const FIND = {
  text: `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = 'read_model_migrations'`,
}

function isBehind(schema: string, found: number): boolean {
  const known = MIGRATIONS.length
  if (found > known) throw new SchemaVersionError(schema, { found, known })
  return found < known
}

async function makeSchema(session: DatabaseSession, schema: string, sql: SchemaSql): Promise<void> {
  const [existing] = await session.query(
    { text: 'SELECT 1 FROM pg_namespace WHERE nspname = $1' },
    [schema],
  )
  if (existing === undefined) await session.script(`CREATE SCHEMA ${sql.identifier}`)
  await session.script(sql.text('read_model_migrations.sql'))
}

/** The lock that the migrations of the event store take: the schema can be the same. */
const LOCK = {
  text: "SELECT pg_advisory_xact_lock(1702258034, hashtext('everfold migrations ' || $1))",
}
