import { BuildNotPreparedError } from '../../../projections/builds/build-not-prepared-error.ts'
import type { Build, BuildsRecord } from '../../../projections/builds/build.ts'
import type { ParkedEvent, ReadModelStorage } from '../../../projections/read-model-storage.ts'
import type { Database, DatabaseSession } from '../database/database.ts'
import { migrate, READ_MODEL_MIGRATIONS } from '../schema/migrations.ts'
import { once } from '../schema/once.ts'
import { SchemaSql } from '../schema/schema-sql.ts'
import { firstOfReservation } from './name-reservation.ts'
import { ReadModelName } from './read-model-name.ts'
import { ReadModelRecords, type RecordsName } from './read-model-records.ts'
import { RelationTakenError } from './relation-taken-error.ts'

/** How long making, switching and dropping wait for readers; what comes after them waits as long, and they are repeated by the runner. */
const LOCK_TIMEOUT = '5s'

/** What a storage in Postgres does with the contents of its builds; the rest is done with their records, the same for all. */
export type BuildContents<Document> = Pick<
  ReadModelStorage<Document>,
  'prepare' | 'finish' | 'load' | 'commit' | 'scan' | 'publish' | 'drop'
>

export interface BuildMaker {
  /** Whether a build with these columns, as they were recorded, is of this kind of storage. */
  readonly isOurs?: (columns: string) => boolean
  readonly make: (session: DatabaseSession) => Promise<void>
  /** Done each time. */
  readonly check?: (session: DatabaseSession) => Promise<void>
}

/** The builds of one storage, as their records show them. */
export class StoredBuilds {
  readonly database: Database
  readonly records: ReadModelRecords
  readonly sql: SchemaSql
  /** Makes the records before they are first used. */
  readonly ready: () => Promise<void>
  readonly #name: RecordsName
  readonly #lock: string

  /** @param name.lock what only one process changes at a time. */
  constructor(
    database: Database,
    { lock, recordsSchema, ...name }: RecordsName & { lock: string; recordsSchema: string },
  ) {
    const sql = new SchemaSql(recordsSchema)
    this.database = database
    this.records = new ReadModelRecords(name, sql)
    this.sql = sql
    this.ready = once(() =>
      migrate(database, { schema: recordsSchema, sql, migrations: READ_MODEL_MIGRATIONS }),
    )
    this.#name = name
    this.#lock = lock
  }

  /** For errors and status. */
  get display(): string {
    return this.#name.display
  }

  /** Runs what makes, shows or drops builds: one at a time, over all processes. */
  async change(work: (session: DatabaseSession) => Promise<void>): Promise<void> {
    await this.ready()
    await this.database.transaction(async (session) => {
      await session.query(LOCK, [this.#lock])
      await session.script(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`)
      await work(session)
    })
  }

  /** @throws {RelationTakenError} the name is that of another table of an SQL projection. */
  async readBuilds(): Promise<BuildsRecord | undefined> {
    await this.ready()
    const builds = await this.records.readBuilds(this.database)
    const first = builds && firstOfReservation(builds.revision)
    if (first === undefined) return builds
    throw this.#taken({ first })
  }

  /**
   * Makes the contents of a build that stands in the builds record, if they are not made. They and their records appear in one commit.
   *
   * @throws {RelationTakenError} builds of another kind of storage have the name: neither could show, or drop, what the other one made.
   */
  async prepare(build: Build, { isOurs, make, check }: BuildMaker): Promise<void> {
    await this.change(async (session) => {
      const builds = await this.records.readBuilds(session)
      const known = [builds?.live, builds?.building, builds?.previous]
      if (!known.some((each) => each?.number === build.number)) throw this.#notPrepared(build)
      for (const each of known) {
        const columns = each && (await this.records.columnsOf(session, each))
        if (columns !== undefined && isOurs?.(columns) === false) throw this.#taken()
      }
      if ((await this.records.columnsOf(session, build)) === undefined) await make(session)
      await check?.(session)
    })
  }

  /** Shows a build, if it is the live one. */
  async publish(
    build: Build,
    show: (session: DatabaseSession, columns: string) => Promise<void>,
  ): Promise<void> {
    await this.change(async (session) => {
      const columns = await this.columnsOf(build, session)
      // Whoever slept since it read the record must not bring readers back to a build that is live no more.
      const builds = await this.records.readBuilds(session)
      if (builds?.live.number === build.number) await show(session, columns)
    })
  }

  /** @throws {BuildNotPreparedError} there is no such build. */
  async columnsOf(build: Build, session: DatabaseSession = this.database): Promise<string> {
    await this.ready()
    const columns = await this.records.columnsOf(session, build)
    if (columns === undefined) throw this.#notPrepared(build)
    return columns
  }

  async *readParked(
    build: Build,
    lane: number,
    key?: string,
  ): AsyncIterable<readonly ParkedEvent[]> {
    await this.ready()
    for (let after: ParkedEvent | undefined; ;) {
      const page = await this.records.parkedPage(this.database, build, { lane, key, after })
      if (page.length === 0) break
      yield page
      after = page.at(-1)
    }
    await this.columnsOf(build)
  }

  #taken(options?: { readonly first: string }): RelationTakenError {
    const { schema, table } = this.#name
    return new RelationTakenError(this.display, new ReadModelName(schema, table).view, options)
  }

  #notPrepared({ number }: Build): BuildNotPreparedError {
    return new BuildNotPreparedError(this.display, number)
  }
}

/** Makes a whole storage of builds and their contents. */
export function storageOf<Document>(
  builds: StoredBuilds,
  contents: BuildContents<Document>,
): ReadModelStorage<Document> {
  const { database, records, ready } = builds
  return {
    sink: database,
    name: builds.display,
    prepare: (build) => contents.prepare(build),
    finish: (build) => contents.finish(build),
    load: (build, keys) => contents.load(build, keys),
    commit: (build, lane, changes) => contents.commit(build, lane, changes),
    scan: (build) => contents.scan(build),
    publish: (build) => contents.publish(build),
    drop: (build) => contents.drop(build),
    readParked: (build, lane, key) => builds.readParked(build, lane, key),
    readLane: async (build, lane) => {
      await ready()
      return records.readLane(database, build, lane)
    },
    readLanes: async (build) => {
      await ready()
      return records.readLanes(database, build)
    },
    writeLane: async (build, lane) => {
      await ready()
      return records.writeLane(database, build, lane)
    },
    readBuilds: () => builds.readBuilds(),
    writeBuilds: async (previous, next) => {
      await ready()
      return records.writeBuilds(database, previous, next)
    },
    beat: async (member) => {
      await ready()
      return records.beat(database, member)
    },
    leave: async (runner) => {
      await ready()
      await records.deleteMember(database, runner)
    },
  }
}

const LOCK = {
  text: "SELECT pg_advisory_xact_lock(1702258034, hashtext('everfold ' || $1))",
}
