import type { Build, BuildsRecord } from '../../../projections/builds/build.ts'
import { BuildNotPreparedError } from '../../../projections/builds/build-not-prepared-error.ts'
import type {
  DocumentAt,
  DocumentWrite,
  LaneChanges,
  LaneRecord,
  LaneStep,
  Member,
  ParkedEvent,
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
import { migrate, READ_MODEL_MIGRATIONS } from '../schema/migrations.ts'
import { once } from '../schema/once.ts'
import type { ReadModelName } from './read-model-name.ts'
import { ReadModelRecords } from './read-model-records.ts'
import { ReadModelView } from './read-model-view.ts'
import { SchemaSql } from '../schema/schema-sql.ts'

const UNDEFINED_TABLE = '42P01'

/** How long making, switching and dropping wait for readers; what comes after them waits as long, and they are repeated by the runner. */
const LOCK_TIMEOUT = '5s'

export interface PostgresReadModelStorageOptions<Document> {
  readonly columns: DocumentColumns<Document>
  readonly indexes: readonly IndexDefinition[]
  readonly recordsSchema: string
}

/** Read model storage in tables: one per build, and a view of the user's name that shows the live one. */
export class PostgresReadModelStorage<Document> implements ReadModelStorage<Document> {
  readonly #database: Database
  readonly #name: ReadModelName
  readonly #columns: DocumentColumns<Document>
  readonly #declaredIndexes: readonly IndexDefinition[]
  readonly #records: ReadModelRecords
  readonly #view: ReadModelView
  readonly #indexes: BuildIndexes
  readonly #parkedTable: string
  /** Makes the records before they are first used. */
  readonly #ready: () => Promise<void>
  /** Tables of builds whose columns were found to be ours. */
  readonly #tables = new Map<number, OpenedBuild<Document>>()

  constructor(
    database: Database,
    name: ReadModelName,
    options: PostgresReadModelStorageOptions<Document>,
  ) {
    const { columns, indexes, recordsSchema } = options
    const sql = new SchemaSql(recordsSchema)
    this.#database = database
    this.#name = name
    this.#columns = columns
    this.#declaredIndexes = indexes
    this.#records = new ReadModelRecords(name, sql)
    this.#view = new ReadModelView(name, sql)
    this.#indexes = new BuildIndexes(name, sql, indexes)
    this.#parkedTable = `${sql.identifier}.read_model_parked`
    this.#ready = once(() =>
      migrate(database, { schema: recordsSchema, sql, migrations: READ_MODEL_MIGRATIONS }),
    )
  }

  get sink(): object {
    return this.#database
  }

  get name(): string {
    return this.#name.display
  }

  /** The table and its records appear in one commit: what has no records is not ours, and is left alone. */
  async prepare(build: Build): Promise<void> {
    await this.#change(async (session) => {
      const builds = await this.#records.readBuilds(session)
      const known = [builds?.live, builds?.building, builds?.previous]
      if (!known.some((each) => each?.number === build.number)) throw this.#notPrepared(build)
      if ((await this.#records.columnsOf(session, build)) === undefined)
        await this.#make(session, build)
      await this.#view.refuseInUse(session, build)
    })
  }

  async #make(session: DatabaseSession, build: Build): Promise<void> {
    await this.#view.refuseTaken(session, build)
    const { definitions } = this.#columns
    await session.script(createTableSql(this.#name.quotedBuildTable(build), definitions))
    await this.#records.insertBuild(session, build, describeColumns(definitions))
  }

  /** Only who writes the build that is being made waits until an index is; it takes half the time, and none for transactions of others. */
  async finish(build: Build): Promise<void> {
    await this.#use(build, () => this.#indexes.reconcile(this.#database, build))
  }

  async readLane(build: Build, lane: number): Promise<LaneRecord> {
    await this.#ready()
    return this.#records.readLane(this.#database, build, lane)
  }

  async readLanes(build: Build): Promise<readonly LaneRecord[]> {
    await this.#ready()
    return this.#records.readLanes(this.#database, build)
  }

  async writeLane(build: Build, lane: LaneStep): Promise<boolean> {
    await this.#ready()
    return this.#records.writeLane(this.#database, build, lane)
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
    const step = this.#records.laneParameters(build, lane)
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

  async *readParked(
    build: Build,
    lane: number,
    key?: string,
  ): AsyncIterable<readonly ParkedEvent[]> {
    await this.#ready()
    for (let after: ParkedEvent | undefined; ;) {
      const page = await this.#records.parkedPage(this.#database, build, { lane, key, after })
      if (page.length === 0) break
      yield page
      after = page.at(-1)
    }
    if ((await this.#records.columnsOf(this.#database, build)) === undefined)
      throw this.#notPrepared(build)
  }

  async readBuilds(): Promise<BuildsRecord | undefined> {
    await this.#ready()
    return this.#records.readBuilds(this.#database)
  }

  async writeBuilds(previous: BuildsRecord | undefined, next: BuildsRecord): Promise<boolean> {
    await this.#ready()
    return this.#records.writeBuilds(this.#database, previous, next)
  }

  async publish(build: Build): Promise<void> {
    await this.#change(async (session) => {
      if ((await this.#records.columnsOf(session, build)) === undefined)
        throw this.#notPrepared(build)
      // Whoever slept since it read the record must not bring readers back to a build that is live no more.
      const builds = await this.#records.readBuilds(session)
      if (builds?.live.number === build.number) await this.#view.show(session, build)
    })
  }

  /** Lanes go first, in a commit of their own: a commit that holds its table and waits for its lane must not wait for a drop that waits for the table. */
  async drop(build: Build): Promise<void> {
    await this.#ready()
    await this.#records.deleteLanes(this.#database, build)
    const table = this.#name.quotedBuildTable(build)
    const dropTable = async (session: DatabaseSession): Promise<void> => {
      if (await this.#records.deleteBuild(session, build))
        await session.script(`DROP TABLE IF EXISTS ${table}`)
    }
    for (let tries = 1; ; tries++)
      try {
        await this.#change(dropTable)
        break
      } catch (error) {
        if (!isIndexBeingMade(error) || tries === DROP_TRIES) throw error
      }
    this.#tables.delete(build.number)
  }

  async beat(member: Member): Promise<readonly Member[]> {
    await this.#ready()
    return this.#records.beat(this.#database, member)
  }

  async leave(runner: string): Promise<void> {
    await this.#ready()
    await this.#records.deleteMember(this.#database, runner)
  }

  /** Runs what makes, shows or drops tables: one at a time per read model, over all processes. */
  async #change(work: (session: DatabaseSession) => Promise<void>): Promise<void> {
    await this.#ready()
    await this.#database.transaction(async (session) => {
      await session.query(LOCK, [this.#name.view])
      await session.script(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`)
      await work(session)
    })
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
    await this.#ready()
    const found = await this.#records.columnsOf(this.#database, build)
    if (found === undefined) throw this.#notPrepared(build)
    const declared = describeColumns(this.#columns.definitions)
    if (found !== declared)
      throw new BuildColumnsError(this.name, { build: build.number, found, declared })
    const table = this.#name.quotedBuildTable(build)
    const names = {
      ...{ table, parked: this.#parkedTable },
      ...{ writeLane: this.#records.writeLaneSql, laneParameters: LANE_PARAMETERS },
    }
    const opened = {
      table: new BuildTable(table, this.#columns),
      commit: new BuildCommit(names, this.#columns, this.#declaredIndexes),
    }
    this.#tables.set(build.number, opened)
    return opened
  }

  #notPrepared({ number }: Build): BuildNotPreparedError {
    return new BuildNotPreparedError(this.name, number)
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

const LOCK = {
  text: "SELECT pg_advisory_xact_lock(1702258034, hashtext('everfold read model ' || $1))",
}
