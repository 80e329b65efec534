import { types } from 'node:util'
import { DatabaseBrokenError } from '../postgres/database/database-broken-error.ts'
import type { DatabaseSession, Parameter, Row, Statement } from '../postgres/database/database.ts'
import { translateFailure } from '../postgres/database/driver-failure.ts'
import { parameterText } from '../postgres/database/parameter-text.ts'
import { RowTaker } from '../postgres/database/row-taker.ts'
import { parseMessage, runMessage, scriptMessage, SYNC } from './wire-message.ts'
import { rowsOf, WireError } from './wire-reply.ts'

/** What is used of a `PGlite`. */
export interface PGliteClient {
  execProtocolRawStream(
    message: Uint8Array,
    options: { readonly onRawData: (chunk: Uint8Array) => void },
  ): Promise<void>
  close(): Promise<void>
}

/**
 * The one connection of an embedded database. Its statements must not overlap.
 *
 * What does not come as a message of the server comes from the machine that it runs on (aborted, out of memory), and that machine cannot be mended.
 */
export class PGliteSession implements DatabaseSession {
  readonly #client: PGliteClient
  readonly #prepared = new Set<string>()
  /** Why it answers no more. */
  #breakdown: Error | undefined

  constructor(client: PGliteClient) {
    this.#client = client
  }

  async query(
    { text, name, take }: Statement,
    parameters: readonly Parameter[] = [],
  ): Promise<readonly Row[]> {
    const values = parameters.map(parameterText)
    if (name !== undefined && !this.#prepared.has(name)) await this.#prepare(name, text)
    const run = runMessage(name ?? '', values)
    const rows = await this.#run(
      name === undefined ? Buffer.concat([parseMessage('', text), run]) : run,
    )
    return take === undefined ? rows : new RowTaker(take).answer(rows)
  }

  async script(sql: string): Promise<void> {
    await this.#run(scriptMessage(sql))
  }

  async close(): Promise<void> {
    try {
      await this.#client.close()
    } catch (error) {
      if (this.#breakdown === undefined) throw error // else it has been told, and no more can be done
    }
  }

  /** In a message of its own: were it sent with a failing run, nobody would know whether the name is taken. */
  async #prepare(name: string, text: string): Promise<void> {
    await this.#run(Buffer.concat([parseMessage(name, text), SYNC]))
    this.#prepared.add(name)
  }

  async #run(message: Uint8Array): Promise<readonly Row[]> {
    if (this.#breakdown !== undefined)
      throw new DatabaseBrokenError('not-run', { cause: this.#breakdown })
    const chunks: Uint8Array[] = []
    try {
      await this.#client.execProtocolRawStream(message, {
        onRawData: (chunk) => chunks.push(chunk.slice()), // it is the database's own memory
      })
      return rowsOf(chunks)
    } catch (error) {
      if (error instanceof WireError) throw translateFailure(error)
      const cause = types.isNativeError(error) ? error : new Error(String(error))
      this.#breakdown = cause
      throw new DatabaseBrokenError('unknown', { cause })
    }
  }
}
