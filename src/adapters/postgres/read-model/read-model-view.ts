import type { Build } from '../../../projections/builds/build.ts'
import type { DatabaseSession, Statement } from '../database/database.ts'
import { quoteIdentifier } from '../database/identifier.ts'
import type { ReadModelName } from './read-model-name.ts'
import { RelationTakenError } from './relation-taken-error.ts'
import type { SchemaSql } from '../schema/schema-sql.ts'
import { ViewInUseError } from './view-in-use-error.ts'

interface Relation {
  readonly isView: boolean
  readonly isTable: boolean
  /** Names of the tables that a view selects from. */
  readonly sources: readonly string[]
  readonly columns: readonly (readonly [name: string, type: string])[]
}

/** The view of the user's name: what everybody else reads. */
export class ReadModelView {
  readonly #name: ReadModelName
  readonly #relation: Statement
  readonly #grants: Statement
  readonly #dependents: Statement

  constructor(name: ReadModelName, sql: SchemaSql) {
    this.#name = name
    this.#relation = sql.query('relation')
    this.#grants = sql.query('relation_grants')
    this.#dependents = sql.query('relation_dependents')
  }

  /** @throws {RelationTakenError} something that is not ours has the name of the view, or of the build's table, which is still to be made. */
  async refuseTaken(session: DatabaseSession, build: Build): Promise<void> {
    await this.#findView(session)
    if ((await this.#find(session, this.#name.buildTable(build))) !== undefined)
      throw new RelationTakenError(this.#name.display, this.#name.quotedBuildTable(build))
  }

  /**
   * To be asked before a build is filled and switched to: afterwards it could not be shown.
   *
   * @throws {ViewInUseError} the build's columns differ from what the view shows, and something depends on the view.
   */
  async refuseInUse(session: DatabaseSession, build: Build): Promise<void> {
    const view = await this.#findView(session)
    const table = await this.#find(session, this.#name.buildTable(build))
    if (view !== undefined && !isExtended(view, table)) await this.refuseDependents(session)
  }

  /** Makes the view show a build. Inside a transaction: nobody sees it missing. */
  async show(session: DatabaseSession, build: Build): Promise<void> {
    const source = this.#name.buildTable(build)
    const table = await this.#find(session, source)
    const view = await this.#findView(session)
    const columns = table?.columns ?? []
    const isSame = JSON.stringify(view?.columns) === JSON.stringify(columns)
    if (isSame && view?.sources[0] === source) return
    const list = columns.map(([name]) => quoteIdentifier(name)).join(', ')
    const definition = `VIEW ${this.#name.view} AS SELECT ${list} FROM ${this.#name.quotedBuildTable(build)}`
    if (view === undefined || isExtended(view, table))
      await session.script(`CREATE OR REPLACE ${definition}`)
    else await this.#replace(session, `CREATE ${definition}`)
  }

  /** Whether the table of a build is there. */
  async hasTable(session: DatabaseSession, build: Build): Promise<boolean> {
    const table = await this.#find(session, this.#name.buildTable(build))
    return table?.isTable === true
  }

  /** Takes the view away. */
  async hide(session: DatabaseSession): Promise<void> {
    if ((await this.#findView(session)) === undefined) return
    await this.refuseDependents(session)
    await session.script(`DROP VIEW ${this.#name.view}`)
  }

  /** A view that loses or changes columns has to be made anew; what was granted on it is granted again. */
  async #replace(session: DatabaseSession, create: string): Promise<void> {
    await this.refuseDependents(session)
    const grants = await session.query(this.#grants, [this.#name.schema, this.#name.table])
    await session.script(`DROP VIEW ${this.#name.view}`)
    await session.script(create)
    for (const [grant] of grants) await session.script(grant ?? '')
  }

  /** @throws {ViewInUseError} something depends on the view. */
  async refuseDependents(session: DatabaseSession): Promise<void> {
    const { schema, table, view, display } = this.#name
    const rows = await session.query(this.#dependents, [schema, table])
    const dependents = rows.map(([dependent]) => dependent ?? '')
    if (dependents.length > 0) throw new ViewInUseError(display, { name: view, dependents })
  }

  async #findView(session: DatabaseSession): Promise<Relation | undefined> {
    const found = await this.#find(session, this.#name.table)
    if (found === undefined) return undefined
    const isOurs =
      found.isView &&
      found.sources.length === 1 &&
      found.sources.every((source) => this.#name.isBuildTable(source))
    if (!isOurs) throw new RelationTakenError(this.#name.display, this.#name.view)
    return found
  }

  async #find(session: DatabaseSession, relation: string): Promise<Relation | undefined> {
    const [row] = await session.query(this.#relation, [this.#name.schema, relation])
    if (row === undefined) return undefined
    const [kind, sources, columns] = row
    return {
      isView: kind === 'v',
      isTable: kind === 'r' || kind === 'p',
      sources: JSON.parse(sources ?? '[]') as Relation['sources'],
      columns: JSON.parse(columns ?? '[]') as Relation['columns'],
    }
  }
}

/** Tells whether a view can be replaced where it stands: Postgres lets it get more columns at its end, and lets none go. */
function isExtended(view: Relation, table: Relation | undefined): boolean {
  const columns = table?.columns.slice(0, view.columns.length)
  return JSON.stringify(columns) === JSON.stringify(view.columns)
}
