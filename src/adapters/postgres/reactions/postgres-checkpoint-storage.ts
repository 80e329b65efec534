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
import type { Database, Statement } from '../database/database.ts'
import { LANE_PARAMETERS } from '../read-model/lane-row.ts'
import { listsAfter, parkedLists, parkedSql } from '../read-model/parked-changes.ts'
import { ReadModelRecords } from '../read-model/read-model-records.ts'
import { migrate, READ_MODEL_MIGRATIONS } from '../schema/migrations.ts'
import { once } from '../schema/once.ts'
import { SchemaSql } from '../schema/schema-sql.ts'

/** In the place of a schema's name: no read model can have this one. */
const NO_SCHEMA = ''

/** In the place of a table's columns. */
const NO_COLUMNS = ''

/** The lanes of a reaction: the records of a read model, without a table. */
export class PostgresCheckpointStorage implements ReadModelStorage<never> {
  readonly name: string
  readonly #database: Database
  readonly #records: ReadModelRecords
  readonly #commit: Statement
  /** Makes the records before they are first used. */
  readonly #ready: () => Promise<void>

  constructor(database: Database, name: string, recordsSchema: string) {
    const sql = new SchemaSql(recordsSchema)
    this.name = name
    this.#database = database
    this.#records = new ReadModelRecords({ schema: NO_SCHEMA, table: name, display: name }, sql)
    const changes = parkedSql(`${sql.identifier}.read_model_parked`, listsAfter(LANE_PARAMETERS))
    // Seldom, and for few or many events: planned each time, for as many as there are.
    this.#commit = {
      text: `WITH lane AS (\n${this.#records.writeLaneSql})${changes}\nSELECT 1 FROM lane`,
    }
    this.#ready = once(() =>
      migrate(database, { schema: recordsSchema, sql, migrations: READ_MODEL_MIGRATIONS }),
    )
  }

  get sink(): object {
    return this.#database
  }

  async prepare(build: Build): Promise<void> {
    await this.#ready()
    await this.#database.transaction(async (session) => {
      await session.query(LOCK, [this.name])
      const builds = await this.#records.readBuilds(session)
      const known = [builds?.live, builds?.building, builds?.previous]
      if (!known.some((each) => each?.number === build.number)) throw this.#notPrepared(build)
      if ((await this.#records.columnsOf(session, build)) === undefined)
        await this.#records.insertBuild(session, build, NO_COLUMNS)
    })
  }

  /** Nobody reads it. */
  async finish(build: Build): Promise<void> {
    await this.#refuseUnprepared(build)
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

  async load(build: Build): Promise<ReadonlyMap<string, DocumentAt<never>>> {
    await this.#refuseUnprepared(build)
    return new Map()
  }

  async commit(
    build: Build,
    lane: LaneStep,
    changes: LaneChanges<never>,
  ): Promise<'committed' | 'superseded'> {
    await this.#ready()
    const { parameters, timeoutMs } = this.#records.laneParameters(build, lane)
    const values = [...parameters, ...parkedLists(changes)]
    const written = await this.#database.query({ ...this.#commit, timeoutMs }, values)
    if (written.length > 0) return 'committed'
    await this.#refuseUnprepared(build)
    return 'superseded'
  }

  async *scan(build: Build): AsyncIterable<readonly DocumentWrite<never>[]> {
    await this.#refuseUnprepared(build)
    yield []
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
    await this.#refuseUnprepared(build)
  }

  async readBuilds(): Promise<BuildsRecord | undefined> {
    await this.#ready()
    return this.#records.readBuilds(this.#database)
  }

  async writeBuilds(previous: BuildsRecord | undefined, next: BuildsRecord): Promise<boolean> {
    await this.#ready()
    return this.#records.writeBuilds(this.#database, previous, next)
  }

  /** Nobody reads it. */
  async publish(build: Build): Promise<void> {
    await this.#refuseUnprepared(build)
  }

  async drop(build: Build): Promise<void> {
    await this.#ready()
    await this.#database.transaction(async (session) => {
      await this.#records.deleteLanes(session, build)
      await this.#records.deleteBuild(session, build)
    })
  }

  async beat(member: Member): Promise<readonly Member[]> {
    await this.#ready()
    return this.#records.beat(this.#database, member)
  }

  async leave(runner: string): Promise<void> {
    await this.#ready()
    await this.#records.deleteMember(this.#database, runner)
  }

  async #refuseUnprepared(build: Build): Promise<void> {
    await this.#ready()
    if ((await this.#records.columnsOf(this.#database, build)) === undefined)
      throw this.#notPrepared(build)
  }

  #notPrepared({ number }: Build): BuildNotPreparedError {
    return new BuildNotPreparedError(this.name, number)
  }
}

const LOCK = {
  text: "SELECT pg_advisory_xact_lock(1702258034, hashtext('everfold reaction ' || $1))",
}
