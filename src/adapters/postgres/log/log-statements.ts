import type { LogRange } from '../../../event-store/event-storage.ts'
import type { Statement } from '../database/database.ts'
import type { SchemaSql } from '../schema/schema-sql.ts'

/** Chooses the statement that reads a page of the log: one without a filter that is not asked for is planned for what it reads. */
export function logStatements(sql: SchemaSql): (range: Filters) => Statement {
  const variant = (every_type: boolean, every_category: boolean): Statement =>
    sql.query('read_all', { every_type, every_category })
  const all = variant(true, true)
  const ofTypes = variant(false, true)
  const ofCategories = variant(true, false)
  const ofBoth = variant(false, false)
  return ({ types, categories }) => {
    if (types === undefined) return categories === undefined ? all : ofCategories
    return categories === undefined ? ofTypes : ofBoth
  }
}

type Filters = Pick<LogRange, 'types' | 'categories'>
