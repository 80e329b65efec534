import { migrationScript } from './migration-script.ts'
import { EVENT_MIGRATIONS, SNAPSHOT_MIGRATIONS } from './migrations.ts'
import { SchemaSql } from './schema-sql.ts'

export interface MigrationSqlOptions {
  /** Schema that holds the tables. Default `'everfold'`. */
  readonly schema?: string | undefined
  /** Whose tables: those of `postgresEventStore`, or those of `postgresSnapshotStore`. Default `'events'`. */
  readonly of?: 'events' | 'snapshots' | undefined
  /** Version that the schema is at. Default 0: it is missing, or empty. `SchemaVersionError.found` names it. */
  readonly from?: number | undefined
}

/**
 * Prints what `migrate()` of `postgresEventStore` does, or `postgresSnapshotStore` before its first use, for a role that may change tables: a script of one transaction, for `psql -v ON_ERROR_STOP=1 -f` or
 * one simple query. Where the schema is not at `from`, it fails and changes nothing. It and stores that migrate at the same moment wait for each other.
 *
 * @throws {TypeError} no schema can have that name.
 * @throws {RangeError} `from` is no version that this code knows.
 */
export function migrationSql(options: MigrationSqlOptions = {}): string {
  const { schema = 'everfold', of = 'events', from = 0 } = options
  const migrations = of === 'events' ? EVENT_MIGRATIONS : SNAPSHOT_MIGRATIONS
  return migrationScript({ schema, sql: new SchemaSql(schema), migrations }, from)
}
