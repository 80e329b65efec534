import type { SchemaMigrations } from '../../../src/adapters/postgres/schema/migrations.ts'
import { SchemaSql } from '../../../src/adapters/postgres/schema/schema-sql.ts'

/** The migrations of a later version, which makes one more table. */
export function withSecondMigration(
  schema: string,
  second = 'CREATE TABLE :"schema".notes ();',
): SchemaMigrations {
  class LaterSql extends SchemaSql {
    override text(path: string): string {
      return path === '002_notes.sql'
        ? second.replaceAll(':"schema"', this.identifier)
        : super.text(path)
    }
  }
  const files = ['001_events.sql', '002_notes.sql']
  return { schema, sql: new LaterSql(schema), migrations: { record: 'migrations', files } }
}
