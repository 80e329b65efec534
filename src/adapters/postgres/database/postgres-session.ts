import { copyIn } from './copy-in.ts'
import type { DatabaseSession, Parameter, Row, Statement } from './database.ts'
import { isConnectionLost, translateFailure } from './driver-failure.ts'
import { loadCopyStreams } from './load-copy-streams.ts'
import { parameterText } from './parameter-text.ts'
import type { PostgresClient, PostgresQuery } from './postgres-pool.ts'
import { RowTaker } from './row-taker.ts'
import { RAW_TEXTS, RowsQuery } from './rows-query.ts'

export interface SessionOptions {
  readonly preparedStatements: boolean
  /** Of statements that name none; 0: none. */
  readonly queryTimeoutMs: number
}

type SessionClient = Pick<PostgresClient, 'query' | 'connection' | 'pipeline'>

/** One connection of `pg`. */
export class PostgresSession implements DatabaseSession {
  readonly #client: SessionClient
  readonly #options: SessionOptions
  isBroken = false

  constructor(client: SessionClient, options: SessionOptions) {
    this.#client = client
    this.#options = options
  }

  query(statement: Statement, parameters: readonly Parameter[] = []): Promise<readonly Row[]> {
    const { preparedStatements, queryTimeoutMs } = this.#options
    const values = parameters.map(parameterText)
    const { text } = statement
    const name = preparedStatements ? statement.name : undefined
    const taker = statement.take && new RowTaker(statement.take)
    const query = this.#queryOf({ text, name, take: taker?.take }, values)
    const rows = this.#run(query, shorterOf(statement.timeoutMs, queryTimeoutMs))
    return taker === undefined ? rows : rows.then((rest) => taker.answer(rest))
  }

  async script(sql: string): Promise<void> {
    await this.#run({ text: sql, rowMode: 'array', types: RAW_TEXTS }, 0)
  }

  async copyIn(text: string, parts: Iterable<Uint8Array>): Promise<void> {
    const { from } = await loadCopyStreams()
    const query_timeout = this.#options.queryTimeoutMs
    const stream = this.#client.query(Object.assign(from(text), { query_timeout }))
    stream.on('error', (error) => {
      this.isBroken ||= isConnectionLost(error)
    })
    await copyIn(stream, parts)
  }

  /**
   * A text without a name and parameters goes as it is, in one message. A client that pipelines takes queries of `pg` only, and so does one on a native
   * library.
   */
  #queryOf(statement: Statement, values: (string | null)[]): PostgresQuery {
    const { connection, pipeline } = this.#client
    const { text, name } = statement
    if ((name !== undefined || values.length > 0) && connection !== undefined && pipeline !== true)
      return new RowsQuery(statement, values)
    const query = { text, values, rowMode: 'array', types: RAW_TEXTS } as const
    return name === undefined ? query : { ...query, name }
  }

  /** By callback and with a timer of its own: with the promise of `pg`, or its `query_timeout`, reading a log takes 1.6 times the CPU. */
  #run(query: PostgresQuery, timeoutMs: number): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        clearTimeout(timer)
        this.isBroken ||= isConnectionLost(error)
        reject(translateFailure(error))
      }
      const giveUp = (): void => {
        fail(new Error(`no answer within ${timeoutMs} ms`))
      }
      const timer = timeoutMs > 0 ? setTimeout(giveUp, timeoutMs) : undefined
      this.#client.query(query, (error, result) => {
        if (error !== null) {
          fail(error)
          return
        }
        clearTimeout(timer)
        resolve(result.rows as readonly Row[])
      })
    })
  }
}

/** A statement that may take for ever, 0, may do so in every database. */
export function shorterOf(statementMs: number | undefined, databaseMs: number): number {
  if (statementMs === undefined || statementMs === 0) return statementMs ?? databaseMs
  return databaseMs === 0 ? statementMs : Math.min(statementMs, databaseMs)
}
