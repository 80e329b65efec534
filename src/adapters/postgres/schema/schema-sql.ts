import { readFileSync } from 'node:fs'
import type { Statement } from '../database/database.ts'
import { quoteIdentifier } from '../database/identifier.ts'
import { prepared } from '../database/prepared-statement.ts'

/** The SQL files of this folder, for one schema. In them stand `:"schema"` for its quoted name and `:'schema.thing'` for a text that names a thing in it. */
export class SchemaSql {
  readonly #identifier: string

  /** @throws {TypeError} no schema can have that name. */
  constructor(schema: string) {
    // Bodies of functions are quoted with this tag, and the name stands in them.
    if (schema.includes('$everfold$'))
      throw new TypeError(`'${schema}' cannot be the name of the schema.`)
    this.#identifier = quoteIdentifier(schema)
  }

  /** The quoted name of the schema. */
  get identifier(): string {
    return this.#identifier
  }

  /** The text of `sql/<path>`. */
  text(path: string, flags: Readonly<Record<string, boolean>> = {}): string {
    const text = readFileSync(new URL(`../sql/${path}`, import.meta.url), 'utf8')
    const literal = this.#identifier.replaceAll("'", "''")
    return Object.entries(flags)
      .reduce((sql, [flag, value]) => sql.replaceAll(`:${flag}`, String(value)), text)
      .replaceAll(PLACEHOLDER, (_, thing?: string) =>
        thing === undefined ? this.#identifier : `'${literal}.${thing}'`,
      )
  }

  /** The statement in `sql/queries/<name>.sql`, prepared once per connection. `:flag` in it becomes `true` or `false`, which the planner folds away. */
  query(name: string, flags?: Readonly<Record<string, boolean>>): Statement {
    return prepared(this.text(`queries/${name}.sql`, flags))
  }
}

const PLACEHOLDER = /:"schema"|:'schema\.(\w+)'/g
