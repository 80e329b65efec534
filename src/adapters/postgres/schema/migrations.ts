import type { Database, DatabaseSession } from '../database/database.ts'
import type { SchemaSql } from './schema-sql.ts'
import { SchemaVersionError } from './schema-version-error.ts'

/** One line of migrations. Event store, read models and snapshots have one each: their tables may stand in one schema or in several. */
export interface Migrations {
  /** The table that records what was applied; `sql/<record>.sql` makes it. */
  readonly record: string
  /** The files in `sql/`, in their order: the version is the number of those applied. */
  readonly files: readonly string[]
  /** What `migrationSql` calls them; undefined: the event store's. */
  readonly of?: 'snapshots' | undefined
}

export const EVENT_MIGRATIONS: Migrations = { record: 'migrations', files: ['001_events.sql'] }

export const READ_MODEL_MIGRATIONS: Migrations = {
  record: 'read_model_migrations',
  files: ['read_models_001.sql'],
}

export const SNAPSHOT_MIGRATIONS: Migrations = {
  record: 'snapshot_migrations',
  files: ['snapshots_001.sql'],
  of: 'snapshots',
}

/** Which migrations a schema is to have. */
export interface SchemaMigrations {
  readonly schema: string
  readonly sql: SchemaSql
  readonly migrations: Migrations
}

/**
 * Checks that a schema is at the version that this code knows. Only reads.
 *
 * @throws {SchemaVersionError} it is missing, or at another version.
 */
export async function checkVersion(
  database: Pick<Database, 'session'>,
  target: SchemaMigrations,
): Promise<void> {
  const found = (await database.session((session) => versionOf(session, target))) ?? 0
  const { schema, migrations } = target
  if (isBehind(found, target))
    throw new SchemaVersionError(schema, {
      found,
      known: migrations.files.length,
      of: migrations.of,
    })
}

/**
 * Brings a schema to the version that this code knows; makes it when it is missing. Safe when many processes start at once; when there is nothing
 * to do it only reads.
 *
 * @throws {SchemaVersionError} newer code has migrated it.
 */
export async function migrate(database: Database, target: SchemaMigrations): Promise<void> {
  const found = await database.session((session) => versionOf(session, target))
  if (found !== undefined && !isBehind(found, target)) return
  await database.transaction((session) => applyMissing(session, target))
}

async function applyMissing(session: DatabaseSession, target: SchemaMigrations): Promise<void> {
  const { schema, sql, migrations } = target
  await session.query(LOCK, [schema])
  const found = await versionOf(session, target)
  if (found === undefined) await makeRecord(session, target)
  else if (!isBehind(found, target)) return
  const applied = found ?? 0
  const text = `INSERT INTO ${sql.identifier}.${migrations.record} (version, name) VALUES ($1::integer, $2)`
  for (const [index, file] of migrations.files.entries()) {
    if (index < applied) continue
    await session.script(sql.text(file))
    await session.query({ text }, [index + 1, file])
  }
}

/** Undefined: the schema holds no record of these migrations. */
async function versionOf(
  session: DatabaseSession,
  { schema, sql, migrations: { record } }: SchemaMigrations,
): Promise<number | undefined> {
  const [found] = await session.query(FIND_RECORD, [schema, record])
  if (found === undefined) return undefined
  const text = `SELECT max(version) FROM ${sql.identifier}.${record}`
  const [[version] = []] = await session.query({ text })
  return Number(version ?? 0)
}

/** Not by `to_regclass`: after the wait for the lock it can still answer from before, and miss what another process has just made. */
const FIND_RECORD = {
  text: `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = $2`,
}

function isBehind(found: number, { schema, migrations }: SchemaMigrations): boolean {
  const known = migrations.files.length
  if (found > known) throw new SchemaVersionError(schema, { found, known, of: migrations.of })
  return found < known
}

/** Asks first: a role may own a schema and yet not be allowed to make one, not even one that exists. */
async function makeRecord(
  session: DatabaseSession,
  { schema, sql, migrations }: SchemaMigrations,
): Promise<void> {
  const [existing] = await session.query(
    { text: 'SELECT 1 FROM pg_namespace WHERE nspname = $1' },
    [schema],
  )
  if (existing === undefined) await session.script(`CREATE SCHEMA ${sql.identifier}`)
  await session.script(sql.text(`${migrations.record}.sql`))
}

/** 'ever' in ASCII, apart from the classes of the logs, which are oids of sequences. */
export const LOCK_CLASS = 1702258034

/** For as long as another process needs to migrate. */
const LOCK = {
  text: `SELECT pg_advisory_xact_lock(${LOCK_CLASS}, hashtext('everfold migrations ' || $1))`,
  timeoutMs: 0,
}
