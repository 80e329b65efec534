import type { RecordedEvent } from '../../../event-store/recorded-event.ts'
import type { EventBatch } from '../../../projections/batches/batch-work.ts'
import type { Build } from '../../../projections/builds/build.ts'
import type {
  DocumentAt,
  DocumentWrite,
  LaneChanges,
  LaneStep,
  ReadModelStorage,
} from '../../../projections/read-model-storage.ts'
import type { Database, DatabaseSession } from '../database/database.ts'
import { isListOfTables } from '../read-model/name-reservation.ts'
import { ReadModelName } from '../read-model/read-model-name.ts'
import { storageOf, StoredBuilds, type BuildContents } from '../read-model/stored-builds.ts'
import { applyBatch } from './apply-batch.ts'
import { SqlProjectionFailedError } from './sql-projection-failed-error.ts'
import { SqlProjectionTimeoutError } from './sql-projection-timeout-error.ts'
import { tablesOf, TableViews } from './table-views.ts'

/** Names of tables in SQL, by what the user calls them. */
export type TableNames<Table extends string> = Readonly<Record<Table, string>>

/** What is made of events, and how. */
export interface SqlContents<Event extends RecordedEvent, Table extends string> {
  readonly name: string
  /** Its first one names it in the records. */
  readonly tables: readonly [Table, ...Table[]]
  readonly create: (tables: TableNames<Table>) => string
  readonly apply: (
    events: readonly Event[],
    context: { readonly session: DatabaseSession; readonly tables: TableNames<Table> },
  ) => Promise<void> | void
}

export interface SqlSchemas {
  readonly schema: string
  readonly recordsSchema: string
}

/** Storage in tables that the user makes: several per build, and a view for each that shows the live one. */
export function sqlTablesStorage<Event extends RecordedEvent, Table extends string>(
  database: Database,
  contents: SqlContents<Event, Table>,
  { schema, recordsSchema }: SqlSchemas,
): ReadModelStorage<EventBatch<Event>> {
  const name = new ReadModelName(schema, contents.tables[0])
  const { table, display } = name
  const lock = `read model ${name.view}`
  const builds = new StoredBuilds(database, { schema, table, display, lock, recordsSchema })
  return storageOf(builds, new SqlTablesOfBuilds(builds, contents, schema))
}

class SqlTablesOfBuilds<Event extends RecordedEvent, Table extends string> implements BuildContents<
  EventBatch<Event>
> {
  readonly #builds: StoredBuilds
  readonly #contents: SqlContents<Event, Table>
  readonly #schema: string
  readonly #views: TableViews

  constructor(builds: StoredBuilds, contents: SqlContents<Event, Table>, schema: string) {
    this.#builds = builds
    this.#contents = contents
    this.#schema = schema
    this.#views = new TableViews(builds, schema)
  }

  /** The tables and their records appear in one commit: what has no records is not ours, and is left alone. */
  async prepare(build: Build): Promise<void> {
    const { tables } = this.#contents
    await this.#builds.prepare(build, {
      isOurs: isListOfTables,
      make: (session) => this.#make(session, build),
      check: (session) => this.#views.refuseInUse(session, build, tables),
    })
  }

  async #make(session: DatabaseSession, build: Build): Promise<void> {
    const { name, tables, create } = this.#contents
    await this.#views.reserve(session, build, tables)
    await session.script(create(this.#names(build)))
    const missing = await this.#views.missing(session, build, tables)
    if (missing.length > 0)
      throw new TypeError(
        `create of SQL projection '${name}' made no table ${missing.join(', ')}. Use the names that it is given.`,
      )
    await this.#builds.records.insertBuild(session, build, JSON.stringify(tables))
  }

  /** What readers need was made by the user. */
  async finish(build: Build): Promise<void> {
    await this.#builds.columnsOf(build)
  }

  /** What the tables hold is the user's. */
  async load(build: Build): Promise<ReadonlyMap<string, DocumentAt<EventBatch<Event>>>> {
    await this.#builds.columnsOf(build)
    return new Map()
  }

  async *scan(build: Build): AsyncIterable<readonly DocumentWrite<EventBatch<Event>>[]> {
    await this.#builds.columnsOf(build)
    yield []
  }

  async commit(
    build: Build,
    lane: LaneStep,
    { writes }: LaneChanges<EventBatch<Event>>,
  ): Promise<'committed' | 'superseded' | { readonly refused: ReadonlyMap<string, Error> }> {
    await this.#builds.ready()
    const { name, apply } = this.#contents
    const [{ key, document: events = [] } = { key: '' }] = writes
    const context = { tables: this.#names(build) }
    const outcome = await applyBatch(
      this.#builds,
      { build, lane },
      { projection: name, events, apply: (session) => apply(events, { ...context, session }) },
    )
    if (typeof outcome === 'string') return outcome
    const { failure } = outcome
    const [first] = events
    if (first !== undefined && first.position === events.at(-1)?.position)
      throw failure instanceof SqlProjectionTimeoutError
        ? failure
        : new SqlProjectionFailedError(name, first, { cause: failure })
    return { refused: new Map([[key, failure]]) }
  }

  async publish(build: Build): Promise<void> {
    await this.#builds.publish(build, (session, columns) =>
      this.#views.show(session, build, tablesOf(columns)),
    )
  }

  /** Lanes go first, in a commit of their own: a batch that writes the tables and has its lane must not wait for a drop that has the tables. */
  async drop(build: Build): Promise<void> {
    const { database, records, ready } = this.#builds
    await ready()
    await records.deleteLanes(database, build)
    await this.#builds.change(async (session) => {
      const columns = await records.columnsOf(session, build)
      if (columns === undefined || !(await records.deleteBuild(session, build))) return
      const names = tablesOf(columns).map((table) => this.#nameOf(table).quotedBuildTable(build))
      await session.script(`DROP TABLE IF EXISTS ${names.join(', ')}`)
    })
  }

  #names(build: Build): TableNames<Table> {
    const names = this.#contents.tables.map((table) => [
      table,
      this.#nameOf(table).quotedBuildTable(build),
    ])
    return Object.fromEntries(names) as TableNames<Table>
  }

  #nameOf(table: string): ReadModelName {
    return new ReadModelName(this.#schema, table)
  }
}
