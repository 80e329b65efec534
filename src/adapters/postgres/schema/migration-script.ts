import { LOCK_CLASS, type SchemaMigrations } from './migrations.ts'
import { quoteLiteral } from '../database/quote-literal.ts'

/**
 * Writes migrations as a script of one transaction, from a version on. Where the schema is at another one it fails, and changes nothing.
 *
 * @throws {RangeError} `from` is no version that this code knows.
 */
export function migrationScript(target: SchemaMigrations, from: number): string {
  const { sql, migrations } = target
  const { record, files } = migrations
  if (!Number.isInteger(from) || from < 0 || from > files.length)
    throw new RangeError(`from is ${from}; versions are 0, no tables yet, to ${files.length}.`)
  const steps = files.map(
    (file, index) =>
      `${sql.text(file)}\nINSERT INTO ${sql.identifier}.${record} (version, name) VALUES (${index + 1}, ${quoteLiteral(file)});\n`,
  )
  return [
    'BEGIN ISOLATION LEVEL READ COMMITTED;\n',
    checkVersionSql(target, from),
    ...(from === 0 ? [makeSchemaSql(target), sql.text(`${record}.sql`)] : []),
    ...steps.slice(from),
    'COMMIT;\n',
  ].join('\n')
}

/** The record is looked for by a later statement than the one that waits for the lock: it may be made meanwhile. */
function checkVersionSql({ schema, sql, migrations }: SchemaMigrations, from: number): string {
  const name = quoteLiteral(schema)
  const { record } = migrations
  return `DO $everfold$
DECLARE
  version integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(${LOCK_CLASS}, hashtext('everfold migrations ' || ${name}));
  IF EXISTS (
    SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ${name} AND c.relname = '${record}'
  ) THEN
    version := coalesce((SELECT max(m.version) FROM ${sql.identifier}.${record} m), 0);
  END IF;
  IF version <> ${from} THEN
    RAISE EXCEPTION 'Schema % is at version %, and this script begins at version ${from}. Nothing was changed.', ${name}, version
      USING HINT = 'Print the script again, from: ' || version || '.';
  END IF;
END
$everfold$;
`
}

/** Asks first: a role may own a schema and yet not be allowed to make one, not even one that exists. */
function makeSchemaSql({ schema, sql }: SchemaMigrations): string {
  return `DO $everfold$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = ${quoteLiteral(schema)}) THEN
    CREATE SCHEMA ${sql.identifier};
  END IF;
END
$everfold$;
`
}
