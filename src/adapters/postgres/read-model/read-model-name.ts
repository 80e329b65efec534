import { createHash } from 'node:crypto'
import type { Build } from '../../../projections/builds/build.ts'
import { quoteIdentifier } from '../database/identifier.ts'

/** Postgres keeps 63 bytes of a name; the rest is for `_b` and ten digits of a build's number. */
const MAX_BYTES = 51

/** Of the digest in the name of an index. */
const DIGEST_LENGTH = 12

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
    return this.quoted(this.table)
  }

  /** Name of the table of a build, without its schema. */
  buildTable({ number }: Build): string {
    return `${this.table}_b${number}`
  }

  /** The same with its schema, quoted for SQL. */
  quotedBuildTable(build: Build): string {
    return this.quoted(this.buildTable(build))
  }

  /** Tells whether a name is that of a build's table. */
  isBuildTable(name: string): boolean {
    return name.startsWith(`${this.table}_b`) && /^\d+$/.test(name.slice(this.table.length + 2))
  }

  /** Name of an index of a build's table, without its schema: of the read model, the build and the index's columns. */
  buildIndex(build: Build, columns: readonly string[]): string {
    const digest = createHash('sha256')
      .update(JSON.stringify([this.table, columns]))
      .digest('hex')
    return `${this.#indexPrefix(build)}${digest.slice(0, DIGEST_LENGTH)}`
  }

  /** Tells whether a name is that of an index which we made on a build's table. */
  isBuildIndex(build: Build, name: string): boolean {
    const prefix = this.#indexPrefix(build)
    return name.startsWith(prefix) && /^[\da-f]{12}$/.test(name.slice(prefix.length))
  }

  #indexPrefix({ number }: Build): string {
    const ending = `_b${number}_i`
    const bytes = Buffer.from(this.table).subarray(0, 63 - ending.length - DIGEST_LENGTH)
    // Half of a character at the end is left out.
    return `${new TextDecoder().decode(bytes, { stream: true })}${ending}`
  }

  /** A name with its schema, quoted for SQL. */
  quoted(name: string): string {
    return `${quoteIdentifier(this.schema)}.${quoteIdentifier(name)}`
  }
}
