import type { Build } from '../../../projections/build.ts'
import { quoteIdentifier } from '../database/identifier.ts'

/** Postgres keeps 63 bytes of a name; the rest is for `_b` and ten digits of a build's number. */
const MAX_BYTES = 51

/** The names of a read model in the database: a view of the user's name, and a table per build that no other build ever had. */
export class ReadModelName {
  readonly schema: string
  /** The user's name, that of the view. */
  readonly table: string

  /** @throws {TypeError} names that Postgres does not keep. */
  constructor(schema: string, table: string) {
    quoteIdentifier(schema)
    quoteIdentifier(table)
    if (Buffer.byteLength(table) > MAX_BYTES)
      throw new TypeError(
        `Table name '${table}' is too long. Use up to ${MAX_BYTES} bytes: tables of builds add their number to it.`,
      )
    this.schema = schema
    this.table = table
  }

  /** For errors and status. */
  get display(): string {
    return this.schema === 'public' ? this.table : `${this.schema}.${this.table}`
  }

  /** The view, quoted for SQL. */
  get view(): string {
    return this.#quote(this.table)
  }

  /** Name of the table of a build, without its schema. */
  buildTable({ number }: Build): string {
    return `${this.table}_b${number}`
  }

  /** The same with its schema, quoted for SQL. */
  quotedBuildTable(build: Build): string {
    return this.#quote(this.buildTable(build))
  }

  /** Tells whether a name is that of a build's table. */
  isBuildTable(name: string): boolean {
    return name.startsWith(`${this.table}_b`) && /^\d+$/.test(name.slice(this.table.length + 2))
  }

  #quote(name: string): string {
    return `${quoteIdentifier(this.schema)}.${quoteIdentifier(name)}`
  }
}
