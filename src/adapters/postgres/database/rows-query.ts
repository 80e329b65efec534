import type { Row, Statement } from './database.ts'
import type { PostgresQuery, PostgresResult } from './postgres-pool.ts'

/** What is used of the connection of a `pg` client, as `pg-cursor` does: the messages of the extended query protocol. */
export interface PostgresConnection {
  readonly stream: { cork?(): void; uncork?(): void }
  readonly parsedStatements: Readonly<Record<string, string>>
  readonly submittedNamedStatements: Record<string, string>
  parse(message: { readonly text: string; readonly name: string | undefined }): void
  bind(message: {
    readonly statement: string | undefined
    readonly values: readonly (string | null)[]
  }): void
  execute(message: object): void
  sync(): void
  sendCopyFail(reason: string): void
}

/**
 * A query that `pg` lets speak with the connection itself. It takes rows as they were parsed, and asks for no description of their columns: a lone append
 * takes four fifths of the time then, and reading a log 5 to 8 % less CPU.
 */
export class RowsQuery implements PostgresQuery {
  readonly text: string
  readonly name?: string
  readonly values: (string | null)[]
  readonly rowMode = 'array'
  readonly types: PostgresQuery['types'] = RAW_TEXTS
  /** Set by the client, with what it adds to it. */
  callback: ((error: Error | null, result: PostgresResult) => void) | undefined = undefined
  #rows: Row[] = []
  #take: ((row: Row) => void) | undefined

  constructor({ text, name, take }: Statement, values: (string | null)[]) {
    this.text = text
    this.values = values
    this.#take = take
    if (name !== undefined) this.name = name
  }

  /** Sends it; gives the reason when it cannot be sent. */
  submit(connection: PostgresConnection): Error | null {
    const { text, name, values } = this
    const known = name === undefined ? undefined : textOf(connection, name)
    if (known !== undefined && known !== text)
      return new Error(`another statement was prepared as '${name ?? ''}'`)
    connection.stream.cork?.()
    try {
      if (known === undefined) {
        connection.parse({ text, name })
        if (name !== undefined) connection.submittedNamedStatements[name] = text
      }
      connection.bind({ statement: name, values })
      connection.execute({})
    } catch (error) {
      this.handleError(error as Error)
    } finally {
      connection.sync() // with its answer the connection is ready for the next query, whatever became of this one
      connection.stream.uncork?.()
    }
    return null
  }

  handleDataRow({ fields }: { readonly fields: Row }): void {
    if (this.#take === undefined) this.#rows.push(fields)
    else this.#take(fields)
  }

  handleError(error: Error): void {
    this.callback?.(error, { rows: [] })
  }

  /**
   * Lets go of the rows and of who gets them. Where something old still points at a query, V8 keeps its page alive, by that the next one, and so on: with
   * a listener that did, reading a log took 1.6 times the CPU.
   */
  handleReadyForQuery(): void {
    const { callback } = this
    const rows = this.#rows
    this.callback = undefined
    this.#rows = []
    this.#take = undefined
    callback?.(null, { rows })
  }

  handleCopyInResponse(connection: PostgresConnection): void {
    connection.sendCopyFail('COPY FROM STDIN is no query')
    connection.sync() // while it waited for data, the server has ignored the first one
  }

  handleRowDescription(): void {
    return
  }

  handleCopyData(): void {
    return
  }

  handleCommandComplete(): void {
    return
  }

  handleEmptyQuery(): void {
    return
  }
}

/** What a name stands for on a connection, or will when what was sent has arrived. */
function textOf(connection: PostgresConnection, name: string): string | undefined {
  return connection.parsedStatements[name] ?? connection.submittedNamedStatements[name]
}

/** Parsers of a query of `pg`: every column is the text that was sent. */
export const RAW_TEXTS: PostgresQuery['types'] = { getTypeParser: () => (text) => text }
