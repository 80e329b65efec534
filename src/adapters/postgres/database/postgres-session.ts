import { copyIn } from './copy-in.ts'
import type { DatabaseSession, Parameter, Row, Statement } from './database.ts'
import { isConnectionLost, translateFailure } from './driver-failure.ts'
import { loadCopyStreams } from './load-copy-streams.ts'
import { parameterText } from './parameter-text.ts'
import type { PostgresClient, PostgresQuery } from './postgres-pool.ts'
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
    const sent = preparedStatements ? statement : { ...statement, name: undefined }
    const timeoutMs = shorterOf(statement.timeoutMs, queryTimeoutMs)
    if (this.#takesRows(sent, values)) return this.#run(new RowsQuery(sent, values), timeoutMs)
    const { text, name, take } = sent
    const query = { text, values, rowMode: 'array', types: RAW_TEXTS } as const
    const rows = this.#run(name === undefined ? query : { ...query, name }, timeoutMs)
    return take === undefined ? rows : rows.then(handTo(take))
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
  #takesRows({ name }: Statement, values: readonly unknown[]): boolean {
    const { connection, pipeline } = this.#client
    return (
      (name !== undefined || values.length > 0) && connection !== undefined && pipeline !== true
    )
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

/** Hands rows on that have arrived all together. */
export function handTo(take: (row: Row) => void): (rows: readonly Row[]) => readonly Row[] {
  return (rows) => {
    rows.forEach((row) => {
      take(row)
    })
    return []
  }
}

/** A statement that may take for ever, 0, may do so in every database. */
function shorterOf(statementMs: number | undefined, databaseMs: number): number {
  if (statementMs === undefined || statementMs === 0) return statementMs ?? databaseMs
  return databaseMs === 0 ? statementMs : Math.min(statementMs, databaseMs)
}
