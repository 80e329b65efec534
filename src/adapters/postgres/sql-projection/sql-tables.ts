import type { GlobalPosition } from '../../../event-store/global-position.ts'
import type { WaitOptions } from '../../../projections/read-model.ts'
import type { Placement, Registration } from '../../../projections/registration.ts'
import type { Database } from '../database/database.ts'

export interface SqlTablesOptions {
  /** Runs every statement: `postgres(pool)` or `await pglite(folder)`; that of the event store or another one. Whoever made it closes it. */
  readonly database: Database
  /** Schema of the views and the tables, which has to exist. Default `'public'`. */
  readonly schema?: string | undefined
  /** Schema that holds the records of builds and lanes. Default `'everfold'`. It is made when it is missing. */
  readonly recordsSchema?: string | undefined
}

/** How an SQL projection is run: in how many lanes, and who switches readers to a new build. A lane stops at an event that fails. */
export type SqlPlacement = Pick<Placement, 'lanes' | 'switch'>

/** An SQL projection in a database: to be given to runners, and waited for. */
export interface SqlTables extends Registration {
  /**
   * Waits until the tables contain all events up to a position. Needs no runner in this process.
   *
   * @param position of the event to wait for; undefined (nothing was appended): returns at once.
   * @throws {WaitTimeoutError} it is not there after `timeoutMs` (default 5000).
   */
  waitFor(position: GlobalPosition | undefined, options?: WaitOptions): Promise<void>
}
