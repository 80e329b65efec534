import type { Build } from '../../../projections/builds/build.ts'
import type { DatabaseSession } from '../database/database.ts'
import { reservedWith } from '../read-model/name-reservation.ts'
import { ReadModelName } from '../read-model/read-model-name.ts'
import { ReadModelRecords } from '../read-model/read-model-records.ts'
import { ReadModelView } from '../read-model/read-model-view.ts'
import { RelationTakenError } from '../read-model/relation-taken-error.ts'
import type { StoredBuilds } from '../read-model/stored-builds.ts'

/** The views of an SQL projection: one per table of its live build, and no other. */
export class TableViews {
  readonly #builds: StoredBuilds
  readonly #schema: string

  constructor(builds: StoredBuilds, schema: string) {
    this.#builds = builds
    this.#schema = schema
  }

  /**
   * Keeps names of tables, which are still to be made, from others. The first table's builds stand in the records under its name; under those of the others
   * stands the build that first took them, so that a read model of that name finds them taken.
   *
   * @throws {RelationTakenError} something that is not ours has one of the names.
   */
  async reserve(session: DatabaseSession, build: Build, tables: readonly string[]): Promise<void> {
    const [first, ...others] = tables
    const revision = reservedWith(first ?? '')
    const nothing = { building: undefined, previous: undefined, dropping: [], rolledBack: [] }
    const taken = { revision, newest: build.number, live: build, ...nothing, isPaused: false }
    for (const table of others) {
      const { schema, display, view } = this.#nameOf(table)
      const records = new ReadModelRecords({ schema, table, display }, this.#builds.sql)
      if (await records.writeBuilds(session, undefined, taken)) continue
      if ((await records.readBuilds(session))?.revision !== revision)
        throw new RelationTakenError(this.#builds.display, view)
    }
    for (const table of tables) await this.#viewOf(table).refuseTaken(session, build)
  }

  /** Tables that a build does not have. */
  async missing(
    session: DatabaseSession,
    build: Build,
    tables: readonly string[],
  ): Promise<readonly string[]> {
    const missing: string[] = []
    for (const table of tables)
      if (!(await this.#viewOf(table).hasTable(session, build)))
        missing.push(this.#nameOf(table).quotedBuildTable(build))
    return missing
  }

  /**
   * To be asked before a build is filled and switched to: afterwards it could not be shown.
   *
   * @throws {ViewInUseError} a view would have other columns, or be gone, and something depends on it.
   */
  async refuseInUse(
    session: DatabaseSession,
    build: Build,
    tables: readonly string[],
  ): Promise<void> {
    for (const table of tables) await this.#viewOf(table).refuseInUse(session, build)
    for (const table of await this.#gone(session, tables))
      await this.#viewOf(table).refuseDependents(session)
  }

  /** Makes all views show a build. Inside a transaction: nobody sees one of them before the others. */
  async show(session: DatabaseSession, build: Build, tables: readonly string[]): Promise<void> {
    for (const table of tables) await this.#viewOf(table).show(session, build)
    for (const table of await this.#gone(session, tables)) await this.#viewOf(table).hide(session)
  }

  /** Tables that other builds have, also those that are to be dropped: perhaps nobody was shown a build since. */
  async #gone(session: DatabaseSession, tables: readonly string[]): Promise<readonly string[]> {
    const { records } = this.#builds
    const { live, building, previous, dropping = [] } = (await records.readBuilds(session)) ?? {}
    const gone = new Set<string>()
    for (const build of [live, building, previous, ...dropping])
      if (build !== undefined) {
        const columns = await records.columnsOf(session, build)
        for (const table of tablesOf(columns ?? '[]')) gone.add(table)
      }
    for (const table of tables) gone.delete(table)
    return [...gone]
  }

  #nameOf(table: string): ReadModelName {
    return new ReadModelName(this.#schema, table)
  }

  #viewOf(table: string): ReadModelView {
    return new ReadModelView(this.#nameOf(table), this.#builds.sql)
  }
}

/** The tables of a build, as they were declared by the code that made it. */
export function tablesOf(columns: string): readonly string[] {
  return JSON.parse(columns) as readonly string[]
}
