import { checkLog } from './check-log.ts'
import { checkPrimary } from './check-primary.ts'
import type { Database, DatabaseSession } from '../database/database.ts'
import { checkVersion, EVENT_MIGRATIONS, migrate, type SchemaMigrations } from './migrations.ts'
import { once } from './once.ts'
import { SchemaSql } from './schema-sql.ts'

/** The tables and functions of one event store in its database. */
export class EventSchema {
  readonly database: Database
  readonly name: string
  readonly sql: SchemaSql
  /**
   * Migrates the schema, or with `migrations: 'manual'` compares its version, and checks the log: once, before it is first used, and again after a failure.
   *
   * @throws {SchemaVersionError | UnsafeLogError} it cannot be used.
   */
  readonly ready: () => Promise<void>
  readonly #target: SchemaMigrations
  #isReady = false

  constructor(
    database: Database,
    schema: string,
    options: { readonly migrations?: 'automatic' | 'manual' | undefined } = {},
  ) {
    const { migrations = 'automatic' } = options
    this.database = database
    this.name = schema
    this.sql = new SchemaSql(schema)
    this.#target = { schema, sql: this.sql, migrations: EVENT_MIGRATIONS }
    this.ready = once(async () => {
      await checkPrimary(database)
      if (migrations === 'automatic') await migrate(database, this.#target)
      else await checkVersion(database, this.#target)
      await checkLog(database, this.sql)
      this.#isReady = true
    })
  }

  /** Like `ready`, on the session of a transaction that its caller has open: there it migrates nothing, whatever `migrations` says. */
  async readyWithin(session: DatabaseSession): Promise<void> {
    if (this.#isReady) return
    await checkVersion({ session: (work) => work(session) }, this.#target)
    await checkLog(session, this.sql)
    this.#isReady = true
  }

  async migrate(): Promise<void> {
    await checkPrimary(this.database)
    await migrate(this.database, this.#target)
  }
}
