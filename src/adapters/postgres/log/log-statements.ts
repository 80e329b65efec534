import type { LogRange } from '../../../event-store/event-storage.ts'
import type { Statement } from '../database/database.ts'
import type { SchemaSql } from '../schema/schema-sql.ts'

/** Chooses the statement that reads a page of the log: one without a filter that is not asked for is planned for what it reads. */
export function logStatements(sql: SchemaSql): (range: Filters) => Statement {
  const known = new Map<string, Statement>()
  return ({ types, categories, partition }) => {
    const flags = {
      every_type: types === undefined,
      every_category: categories === undefined,
      every_part: partition === undefined,
    }
    const name = JSON.stringify(flags)
    const statement = known.get(name) ?? sql.query('read_all', flags)
    known.set(name, statement)
    return statement
  }
}

type Filters = Pick<LogRange, 'types' | 'categories' | 'partition'>
