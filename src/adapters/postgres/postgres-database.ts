/**
 * The `Database` port over a `pg.Pool`, PostgreSQL 13 and later. The pool is the caller's: it is never ended here.
 *
 * Connections are taken from the pool for a statement, a session or a transaction, and destroyed when they broke.
 */
import type { Database, DatabaseSession, Parameter, Row, Statement } from './database.ts'
import { DatabaseClosedError } from './database-closed-error.ts'
import { isConnectionLost, translateConnectFailure, translateFailure } from './driver-failure.ts'
import { parameterText } from './parameter-text.ts'
import type { PostgresClient, PostgresPool } from './postgres-pool.ts'
import { runTransaction } from './transaction.ts'

export interface PostgresOptions {
  /** False behind a pooler that gives each transaction another connection, e.g. PgBouncer in transaction mode. Default true. */
  readonly preparedStatements?: boolean | undefined
}

/** Makes the `Database` of a `pg.Pool`. Whoever made the pool ends it. */
export function postgres(pool: PostgresPool, options: PostgresOptions = {}): Database {
  const { preparedStatements = true } = options
  const withSession = async <Result>(
    work: (session: DatabaseSession) => Promise<Result>,
  ): Promise<Result> => {
    const client = await connect(pool)
    const session = new PostgresSession(client, preparedStatements)
    try {
      return await work(session)
    } finally {
      if (!session.isBroken) client.off('error', ignore)
      client.release(session.isBroken)
    }
  }
  return {
    query: (statement, parameters) =>
      withSession((session) => session.query(statement, parameters)),
    script: (sql) => withSession((session) => session.script(sql)),
    session: withSession,
    transaction: (work) => withSession((session) => runTransaction(session, work)),
  }
}

class PostgresSession implements DatabaseSession {
  readonly #client: PostgresClient
  readonly #preparedStatements: boolean
  isBroken = false

  constructor(client: PostgresClient, preparedStatements: boolean) {
    this.#client = client
    this.#preparedStatements = preparedStatements
  }

  async query(
    { text, name }: Statement,
    parameters: readonly Parameter[] = [],
  ): Promise<readonly Row[]> {
    const values = parameters.map(parameterText)
    const isNamed = this.#preparedStatements && name !== undefined
    return this.#run({ ...RAW, text, values, ...(isNamed ? { name } : {}) })
  }

  async script(sql: string): Promise<void> {
    await this.#run({ ...RAW, text: sql })
  }

  async #run(query: Parameters<PostgresClient['query']>[0]): Promise<readonly Row[]> {
    try {
      const { rows } = await this.#client.query(query)
      return rows as readonly Row[]
    } catch (error) {
      this.isBroken ||= isConnectionLost(error)
      throw translateFailure(error)
    }
  }
}

const RAW = { rowMode: 'array', types: { getTypeParser: () => (text: string) => text } } as const

/** By callback, so that the listener is there when the next byte arrives: a server that ends the connection at once would end the process, too. */
function connect(pool: PostgresPool): Promise<PostgresClient> {
  if (pool.ended === true) throw new DatabaseClosedError('The pool')
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      client?.on('error', ignore)
      if (client === undefined) reject(translateConnectFailure(error))
      else resolve(client)
    })
  })
}

/** For a connection that breaks while nothing runs on it: the next statement on it fails and says so. Without a listener the process would end. */
function ignore(): void {
  return
}
