import { copyIn } from './copy-in.ts'
import type { DatabaseSession, Parameter, Row, Statement } from './database.ts'
import { isConnectionLost, translateFailure } from './driver-failure.ts'
import { loadCopyStreams } from './load-copy-streams.ts'
import { parameterText } from './parameter-text.ts'
import type { PostgresClient, PostgresQuery } from './postgres-pool.ts'

export interface SessionOptions {
  readonly preparedStatements: boolean
  /** Of statements that name none; 0: none. */
  readonly queryTimeoutMs: number
}

/** One connection of `pg`. */
export class PostgresSession implements DatabaseSession {
  readonly #client: Pick<PostgresClient, 'query'>
  readonly #options: SessionOptions
  isBroken = false

  constructor(client: Pick<PostgresClient, 'query'>, options: SessionOptions) {
    this.#client = client
    this.#options = options
  }

  async query(
    { text, name, timeoutMs }: Statement,
    parameters: readonly Parameter[] = [],
  ): Promise<readonly Row[]> {
    const { preparedStatements, queryTimeoutMs } = this.#options
    const values = parameters.map(parameterText)
    const isNamed = preparedStatements && name !== undefined
    const query = isNamed ? { ...RAW, text, values, name } : { ...RAW, text, values }
    return this.#run(query, shorterOf(timeoutMs, queryTimeoutMs))
  }

  async script(sql: string): Promise<void> {
    await this.#run({ ...RAW, text: sql }, 0)
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

  /** By callback and with a timer of its own: with the promise of `pg`, or its `query_timeout`, reading a log takes 1.6 times the CPU. */
  async #run(query: PostgresQuery, timeoutMs: number): Promise<readonly Row[]> {
    return this.#translated(
      () =>
        new Promise((resolve, reject) => {
          const giveUp = (): void => {
            reject(new Error(`no answer within ${timeoutMs} ms`))
          }
          const timer = timeoutMs > 0 ? setTimeout(giveUp, timeoutMs) : undefined
          this.#client.query(query, (error, result) => {
            clearTimeout(timer)
            if (error === null) resolve(result.rows as readonly Row[])
            else reject(error)
          })
        }),
    )
  }

  async #translated<Result>(run: () => Promise<Result>): Promise<Result> {
    try {
      return await run()
    } catch (error) {
      this.isBroken ||= isConnectionLost(error)
      throw translateFailure(error)
    }
  }
}

const RAW = { rowMode: 'array', types: { getTypeParser: () => (text: string) => text } } as const

/** A statement that may take for ever, 0, may do so in every database. */
function shorterOf(statementMs: number | undefined, databaseMs: number): number {
  if (statementMs === undefined || statementMs === 0) return statementMs ?? databaseMs
  return databaseMs === 0 ? statementMs : Math.min(statementMs, databaseMs)
}
