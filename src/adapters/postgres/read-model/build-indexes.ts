import { setTimeout as sleep } from 'node:timers/promises'
import type { Build } from '../../../projections/builds/build.ts'
import type { Database, DatabaseSession, Statement } from '../database/database.ts'
import { DatabaseError } from '../database/database-error.ts'
import { quoteIdentifier } from '../database/identifier.ts'
import type { SchemaSql } from '../schema/schema-sql.ts'
import type { IndexDefinition } from './index-definition.ts'
import type { ReadModelName } from './read-model-name.ts'

/** The indexes of the tables of builds. What others made on them is left alone. */
export class BuildIndexes {
  readonly #name: ReadModelName
  readonly #indexes: readonly IndexDefinition[]
  readonly #find: Statement

  constructor(name: ReadModelName, sql: SchemaSql, indexes: readonly IndexDefinition[]) {
    this.#name = name
    this.#indexes = indexes
    this.#find = sql.query('build_indexes')
  }

  /**
   * Makes the indexes that are declared, and drops those that are not any more, one after the other, each in a commit of its own: begun again, it does what
   * is left. An index whose making was interrupted is dropped and made anew.
   *
   * Concurrently, for runners write the table meanwhile, also that of a build in the making; so it waits for transactions that are open in the database.
   * Another process that makes one is waited for by asking: to wait for its lock would make it wait for us.
   */
  async reconcile(database: Database, build: Build): Promise<void> {
    let suspect: string | undefined
    let races = 0
    for (;;) {
      const { ours, isMaking } = await this.#look(database, build)
      const step = this.#nextStep(ours, build)
      if (step === undefined) return
      // A broken one may have been finished after we looked, before we asked whether somebody makes it: that shows the second time.
      const isTurn = !isMaking && (step.isWhole || step.name === suspect)
      suspect = isMaking ? undefined : step.name
      try {
        if (isTurn) await database.script(step.sql)
        else if (isMaking) await sleep(POLL_MS)
      } catch (error) {
        if (!isRace(error) || ++races > MAX_RACES) throw error
        await sleep(POLL_MS)
      }
    }
  }

  #nextStep(ours: ReadonlyMap<string, boolean>, build: Build): Step | undefined {
    const declared = new Map(
      this.#indexes.map((index) => [this.#name.buildIndex(build, index.columns), index]),
    )
    for (const [name, isWhole] of ours)
      if (!isWhole || !declared.has(name)) {
        const sql = `DROP INDEX CONCURRENTLY IF EXISTS ${this.#name.quoted(name)}`
        return { name, isWhole, sql }
      }
    const table = this.#name.quotedBuildTable(build)
    for (const [name, { list }] of declared)
      if (!ours.has(name)) {
        const sql = `CREATE INDEX CONCURRENTLY ${quoteIdentifier(name)} ON ${table} (${list})`
        return { name, isWhole: true, sql }
      }
    return undefined
  }

  async #look(session: DatabaseSession, build: Build): Promise<Found> {
    const { schema } = this.#name
    const rows = await session.query(this.#find, [schema, this.#name.buildTable(build)])
    const isMaking = rows.some((row) => row[2] === 't')
    const ours = new Map<string, boolean>()
    for (const [name, isWhole] of rows)
      if (typeof name === 'string' && this.#name.isBuildIndex(build, name))
        ours.set(name, isWhole === 't')
    return { ours, isMaking }
  }
}

interface Found {
  /** Names of the table's indexes that are ours, and whether they are whole. */
  readonly ours: ReadonlyMap<string, boolean>
  /** Somebody makes an index of the table. */
  readonly isMaking: boolean
}

interface Step {
  /** The index. */
  readonly name: string
  /** False: it is dropped because it is broken. */
  readonly isWhole: boolean
  readonly sql: string
}

const POLL_MS = 100

/** More than that, and something that is not ours has the name. */
const MAX_RACES = 10

/** What two that begin at once can meet: a duplicate table, the duplicate key of its name, each other's locks, a row of the catalog that the other has changed. */
function isRace(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false
  return RACED.has(error.sqlState) || CATALOG_RACED.test(error.message)
}

const RACED = new Set(['42P07', '23505', '40P01'])

/** Has the code of all internal errors, XX000, and is never translated. */
const CATALOG_RACED = /tuple concurrently (updated|deleted)/
