import type { Build } from '../../../projections/builds/build.ts'
import type {
  DocumentAt,
  DocumentWrite,
  LaneChanges,
  LaneStep,
  ReadModelStorage,
} from '../../../projections/read-model-storage.ts'
import { BuildColumnsError } from './build-columns-error.ts'
import { BuildCommit } from './build-commit.ts'
import { BuildIndexes } from './build-indexes.ts'
import { BuildTable, createTableSql } from './build-table.ts'
import type { Database, DatabaseSession } from '../database/database.ts'
import { DatabaseError } from '../database/database-error.ts'
import { describeColumns, type DocumentColumns } from './document-columns.ts'
import type { IndexDefinition } from './index-definition.ts'
import { LANE_PARAMETERS } from './lane-row.ts'
import type { ReadModelName } from './read-model-name.ts'
import { isListOfTables } from './name-reservation.ts'
import { ReadModelView } from './read-model-view.ts'
import { storageOf, StoredBuilds, type BuildContents } from './stored-builds.ts'

const UNDEFINED_TABLE = '42P01'

export interface PostgresReadModelStorageOptions<Document> {
  readonly columns: DocumentColumns<Document>
  readonly indexes: readonly IndexDefinition[]
  readonly recordsSchema: string
}

/** Read model storage in tables: one per build, and a view of the user's name that shows the live one. */
export function postgresReadModelStorage<Document>(
  database: Database,
  name: ReadModelName,
  options: PostgresReadModelStorageOptions<Document>,
): ReadModelStorage<Document> {
  const { schema, table, display } = name
  const { recordsSchema } = options
  const lock = `read model ${name.view}`
  const builds = new StoredBuilds(database, { schema, table, display, lock, recordsSchema })
  return storageOf(builds, new DocumentTables(builds, name, options))
}

class DocumentTables<Document> implements BuildContents<Document> {
  readonly #builds: StoredBuilds
  readonly #database: Database
  readonly #name: ReadModelName
  readonly #columns: DocumentColumns<Document>
  readonly #declaredIndexes: readonly IndexDefinition[]
  readonly #view: ReadModelView
  readonly #indexes: BuildIndexes
  /** Tables of builds whose columns were found to be ours. */
  readonly #tables = new Map<number, OpenedBuild<Document>>()

  constructor(
    builds: StoredBuilds,
    name: ReadModelName,
    { columns, indexes }: PostgresReadModelStorageOptions<Document>,
  ) {
    const { database, sql } = builds
    this.#builds = builds
    this.#database = database
    this.#name = name
    this.#columns = columns
    this.#declaredIndexes = indexes
    this.#view = new ReadModelView(name, sql)
    this.#indexes = new BuildIndexes(name, sql, indexes)
  }

  /** The table and its records appear in one commit: what has no records is not ours, and is left alone. */
  async prepare(build: Build): Promise<void> {
    await this.#builds.prepare(build, {
      isOurs: (columns) => !isListOfTables(columns),
      make: (session) => this.#make(session, build),
      check: (session) => this.#view.refuseInUse(session, build),
    })
  }

  async #make(session: DatabaseSession, build: Build): Promise<void> {
    await this.#view.refuseTaken(session, build)
    const { definitions } = this.#columns
    await session.script(createTableSql(this.#name.quotedBuildTable(build), definitions))
    await this.#builds.records.insertBuild(session, build, describeColumns(definitions))
  }

  /** Only who writes the build that is being made waits until an index is; it takes half the time, and none for transactions of others. */
  async finish(build: Build): Promise<void> {
    await this.#use(build, () => this.#indexes.reconcile(this.#database, build))
  }

  async load(
    build: Build,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, DocumentAt<Document>>> {
    return this.#use(build, ({ table }) => table.load(this.#database, keys))
  }

  async commit(
    build: Build,
    lane: LaneStep,
    changes: LaneChanges<Document>,
  ): Promise<'committed' | 'superseded' | { readonly refused: ReadonlyMap<string, Error> }> {
    const step = this.#builds.records.laneParameters(build, lane)
    const outcome = await this.#use(build, ({ commit }) =>
      commit.run(this.#database, step, changes),
    )
    if (typeof outcome === 'object') return outcome
    return outcome ? 'committed' : 'superseded'
  }

  async *scan(build: Build): AsyncIterable<readonly DocumentWrite<Document>[]> {
    for (let after: string | undefined; ;) {
      const page = await this.#use(build, ({ table }) => table.page(this.#database, after))
      if (page.length === 0) return
      yield page
      after = page.at(-1)?.key
    }
  }

  async publish(build: Build): Promise<void> {
    await this.#builds.publish(build, (session) => this.#view.show(session, build))
  }

  /** Lanes go first, in a commit of their own: a commit that holds its table and waits for its lane must not wait for a drop that waits for the table. */
  async drop(build: Build): Promise<void> {
    const { records } = this.#builds
    await this.#builds.ready()
    await records.deleteLanes(this.#database, build)
    const table = this.#name.quotedBuildTable(build)
    const dropTable = async (session: DatabaseSession): Promise<void> => {
      if (await records.deleteBuild(session, build))
        await session.script(`DROP TABLE IF EXISTS ${table}`)
    }
    for (let tries = 1; ; tries++)
      try {
        await this.#builds.change(dropTable)
        break
      } catch (error) {
        if (!isIndexBeingMade(error) || tries === DROP_TRIES) throw error
      }
    this.#tables.delete(build.number)
  }

  async #use<Result>(
    build: Build,
    work: (opened: OpenedBuild<Document>) => Promise<Result>,
  ): Promise<Result> {
    const opened = this.#tables.get(build.number) ?? (await this.#open(build))
    try {
      return await work(opened)
    } catch (error) {
      if (error instanceof DatabaseError && error.sqlState === UNDEFINED_TABLE) {
        this.#tables.delete(build.number)
        await this.#open(build)
      }
      throw error
    }
  }

  /** Other columns of the same names could give values of another type: they are compared once per build and process. */
  async #open(build: Build): Promise<OpenedBuild<Document>> {
    const { records, sql } = this.#builds
    const found = await this.#builds.columnsOf(build)
    const declared = describeColumns(this.#columns.definitions)
    if (found !== declared)
      throw new BuildColumnsError(this.#name.display, { build: build.number, found, declared })
    const table = this.#name.quotedBuildTable(build)
    const names = {
      ...{ table, parked: `${sql.identifier}.read_model_parked` },
      ...{ writeLane: records.writeLaneSql, laneParameters: LANE_PARAMETERS },
    }
    const opened = {
      table: new BuildTable(table, this.#columns),
      commit: new BuildCommit(names, this.#columns, this.#declaredIndexes),
    }
    this.#tables.set(build.number, opened)
    return opened
  }
}

interface OpenedBuild<Document> {
  readonly table: BuildTable<Document>
  readonly commit: BuildCommit<Document>
}

const DROP_TRIES = 5

/** `CREATE INDEX CONCURRENTLY` lets go of the table just before it is done: who drops the table then meets "tuple concurrently updated" (XX000). */
function isIndexBeingMade(error: unknown): boolean {
  return error instanceof DatabaseError && error.sqlState === 'XX000'
}
