import type { Build } from '../../../projections/builds/build.ts'
import type {
  DocumentAt,
  DocumentWrite,
  LaneChanges,
  LaneStep,
  ReadModelStorage,
} from '../../../projections/read-model-storage.ts'
import type { Database, Statement } from '../database/database.ts'
import { LANE_PARAMETERS } from '../read-model/lane-row.ts'
import { listsAfter, parkedLists, parkedSql } from '../read-model/parked-changes.ts'
import { storageOf, StoredBuilds, type BuildContents } from '../read-model/stored-builds.ts'

/** In the place of a schema's name: no read model can have this one. */
const NO_SCHEMA = ''

/** In the place of a table's columns. */
const NO_COLUMNS = ''

/** The lanes of a reaction: the records of a read model, without a table. */
export function postgresCheckpointStorage(
  database: Database,
  { name, recordsSchema }: { readonly name: string; readonly recordsSchema: string },
): ReadModelStorage<never> {
  const lock = `reaction ${name}`
  const names = { schema: NO_SCHEMA, table: name, display: name, lock, recordsSchema }
  const builds = new StoredBuilds(database, names)
  return storageOf(builds, new NoContents(builds))
}

class NoContents implements BuildContents<never> {
  readonly #builds: StoredBuilds
  readonly #commit: Statement

  constructor(builds: StoredBuilds) {
    const { records, sql } = builds
    this.#builds = builds
    const changes = parkedSql(`${sql.identifier}.read_model_parked`, listsAfter(LANE_PARAMETERS))
    // Seldom, and for few or many events: planned each time, for as many as there are.
    this.#commit = {
      text: `WITH lane AS (\n${records.writeLaneSql})${changes}\nSELECT 1 FROM lane`,
    }
  }

  async prepare(build: Build): Promise<void> {
    await this.#builds.prepare(build, {
      make: (session) => this.#builds.records.insertBuild(session, build, NO_COLUMNS),
    })
  }

  /** Nobody reads it. */
  async finish(build: Build): Promise<void> {
    await this.#builds.columnsOf(build)
  }

  async load(build: Build): Promise<ReadonlyMap<string, DocumentAt<never>>> {
    await this.#builds.columnsOf(build)
    return new Map()
  }

  async commit(
    build: Build,
    lane: LaneStep,
    changes: LaneChanges<never>,
  ): Promise<'committed' | 'superseded'> {
    const { database, records, ready } = this.#builds
    await ready()
    const { parameters, timeoutMs } = records.laneParameters(build, lane)
    const values = [...parameters, ...parkedLists(changes)]
    const written = await database.query({ ...this.#commit, timeoutMs }, values)
    if (written.length > 0) return 'committed'
    await this.#builds.columnsOf(build)
    return 'superseded'
  }

  async *scan(build: Build): AsyncIterable<readonly DocumentWrite<never>[]> {
    await this.#builds.columnsOf(build)
    yield []
  }

  /** Nobody reads it. */
  async publish(build: Build): Promise<void> {
    await this.#builds.columnsOf(build)
  }

  async drop(build: Build): Promise<void> {
    const { database, records, ready } = this.#builds
    await ready()
    await database.transaction(async (session) => {
      await records.deleteLanes(session, build)
      await records.deleteBuild(session, build)
    })
  }
}
