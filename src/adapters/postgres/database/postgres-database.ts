/**
 * The `Database` port over a `pg.Pool`, PostgreSQL 13 and later. The pool is the caller's: it is never ended here.
 *
 * Connections are taken from the pool for a statement, a session or a transaction, and destroyed when they broke.
 */
import type { Database } from './database.ts'
import { PostgresNotifications } from './postgres-notifications.ts'
import { connect, ignore, type PostgresPool } from './postgres-pool.ts'
import { PostgresSession } from './postgres-session.ts'
import { runTransaction } from './transaction.ts'

export interface PostgresOptions {
  /**
   * False behind a pooler that gives each transaction another connection, e.g. PgBouncer in transaction mode: statements are not prepared, what belongs on
   * one connection is one transaction, and subscriptions poll instead of listening. Default true.
   */
  readonly preparedStatements?: boolean | undefined
  /**
   * How long the answer to a statement is waited for before the server is taken for dead, in milliseconds; 0: for ever. An append, and a connection of
   * the pool before it, are waited for 10,000 at most. Default 30,000.
   */
  readonly queryTimeoutMs?: number | undefined
}

/** Makes the `Database` of a `pg.Pool`. Whoever made the pool ends it. While somebody subscribes, one of its connections is used to listen. */
export function postgres(pool: PostgresPool, options: PostgresOptions = {}): Database {
  const { preparedStatements = true, queryTimeoutMs = 30_000 } = options
  const withSession = async <Result>(
    work: (session: PostgresSession) => Promise<Result>,
  ): Promise<Result> => {
    const client = await connect(
      pool,
      Math.min(queryTimeoutMs || CONNECT_TIMEOUT_MS, CONNECT_TIMEOUT_MS),
    )
    const session = new PostgresSession(client, { preparedStatements, queryTimeoutMs })
    try {
      return await work(session)
    } finally {
      if (!session.isBroken) client.off('error', ignore)
      client.release(session.isBroken)
    }
  }
  const database: Database = {
    query: (statement, parameters) =>
      withSession((session) => session.query(statement, parameters)),
    script: (sql) => withSession((session) => session.script(sql)),
    copyIn: (text, parts) => withSession((session) => session.copyIn(text, parts)),
    session: (work) => (preparedStatements ? withSession(work) : database.transaction(work)),
    transaction: (work, options) =>
      withSession((session) => runTransaction(session, work, options)),
    // The only connection there is cannot be spent on listening.
    notifications:
      preparedStatements && pool.options?.max !== 1 ? PostgresNotifications.of(pool) : undefined,
  }
  return database
}

/** Less than a statement: nothing was sent yet, and an append has a deadline. */
const CONNECT_TIMEOUT_MS = 10_000
