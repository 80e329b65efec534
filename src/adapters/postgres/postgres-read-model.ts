/**
 * Read model in PostgreSQL 13 and later, and in PGlite.
 *
 * A commit is one statement: the lane's row is updated where its revision is still the one expected, and documents are written if it was.
 * So every event counts exactly once, whatever crashes. Readers from outside select from a view of the user's name.
 */
import type { GlobalPosition } from '../../event-store/global-position.ts'
import { createReadModel } from '../../projections/create-read-model.ts'
import type { ReadModel, WaitOptions } from '../../projections/read-model.ts'
import type { ReadModelStorage } from '../../projections/read-model-storage.ts'
import type { ColumnsOf } from './read-model/columns.ts'
import type { Database } from './database/database.ts'
import { jsonColumn, memberColumns } from './read-model/document-columns.ts'
import { defineIndex, type ReadModelIndex } from './read-model/index-definition.ts'
import { postgresReadModelStorage } from './read-model/postgres-read-model-storage.ts'
import { ReadModelName } from './read-model/read-model-name.ts'

export interface PostgresReadModelOptions<Document> {
  /** Runs every statement: `postgres(pool)` or `await pglite(folder)`; that of the event store or another one. Whoever made it closes it. */
  readonly database: Database
  /** Name of the view that shows the documents, up to 51 bytes. Tables of builds are named after it: `<table>_b1`, `<table>_b2`, ... */
  readonly table: string
  /** A column for each member of the document. Default: one column `document` that holds it whole, as JSON. */
  readonly columns?: ColumnsOf<Document> | undefined
  /**
   * Indexes on these columns for readers, e.g. `[{ columns: ['owner', 'key'] }]`; by its key a document is found without one. They are made when a build is
   * filled, before readers are switched to it. Changed ones need no new version: the next runner of this code makes and drops what differs.
   */
  readonly indexes?: readonly ReadModelIndex<NoInfer<Document>>[] | undefined
  /** Schema of the view and the tables, which has to exist. Default `'public'`. */
  readonly schema?: string | undefined
  /** Schema that holds the records of builds and lanes. Default `'everfold'`. It is made when it is missing. */
  readonly recordsSchema?: string | undefined
}

/**
 * Documents of a projection as rows of a table, read by `get` or by plain SQL.
 *
 * ```ts
 * const balances = new PostgresReadModel<Balance>({
 *   database,
 *   table: 'account_balances',
 *   columns: { owner: text, cents: bigint, closedAt: optional(text) },
 *   indexes: [{ columns: ['owner'] }],
 * })
 * // SELECT owner, cents FROM account_balances WHERE key = 'account-42'
 * ```
 *
 * The view has the columns `key` and `position` (of the last event that the document contains) beside those declared. A document that its columns cannot hold
 * exactly is refused with a `ColumnRefusedError`; an index holds up to 2,400 bytes of text. Changed columns need a new `version` of the projection.
 *
 * Its methods, and the runner that fills it, meet:
 *
 * - `RelationTakenError`: another table or view has the name;
 * - `ViewInUseError`: the columns change, and something else in the database is made of the view;
 * - `BuildColumnsError`: the columns were changed without a new version;
 * - `SchemaVersionError`: newer code has migrated the records;
 * - what the database throws.
 */
export class PostgresReadModel<Document> implements ReadModel<Document> {
  readonly storage: ReadModelStorage<Document>
  readonly #model: ReadModel<Document>

  /** @throws {TypeError} names that Postgres does not keep, a column named `key` or `position`, or an index that cannot be made of the columns. */
  constructor(options: PostgresReadModelOptions<Document>) {
    const { database, table, indexes = [], schema = 'public', recordsSchema = 'everfold' } = options
    const columns =
      options.columns === undefined ? jsonColumn<Document>() : memberColumns(options.columns)
    this.storage = postgresReadModelStorage(database, new ReadModelName(schema, table), {
      columns,
      indexes: indexes.map((index) => defineIndex(index.columns, columns.definitions)),
      recordsSchema,
    })
    this.#model = createReadModel(this.storage)
  }

  get(key: string): Promise<Document | undefined> {
    return this.#model.get(key)
  }

  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Document>> {
    return this.#model.getMany(keys)
  }

  waitFor(position: GlobalPosition | undefined, options?: WaitOptions): Promise<void> {
    return this.#model.waitFor(position, options)
  }
}
