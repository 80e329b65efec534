import type { DatabaseSession, Parameter, Row, Statement } from '../postgres/database.ts'
import { translateFailure } from '../postgres/driver-failure.ts'
import { parameterText } from '../postgres/parameter-text.ts'
import { parseMessage, runMessage, scriptMessage, SYNC } from './wire-message.ts'
import { rowsOf } from './wire-reply.ts'

/** What is used of a `PGlite`. */
export interface PGliteClient {
  execProtocolRawStream(
    message: Uint8Array,
    options: { readonly onRawData: (chunk: Uint8Array) => void },
  ): Promise<void>
  close(): Promise<void>
}

/** The one connection of an embedded database. Its statements must not overlap. */
export class PGliteSession implements DatabaseSession {
  readonly #client: PGliteClient
  readonly #prepared = new Set<string>()

  constructor(client: PGliteClient) {
    this.#client = client
  }

  async query(
    { text, name }: Statement,
    parameters: readonly Parameter[] = [],
  ): Promise<readonly Row[]> {
    const values = parameters.map(parameterText)
    if (name === undefined)
      return this.#run(Buffer.concat([parseMessage('', text), runMessage('', values)]))
    if (!this.#prepared.has(name)) await this.#prepare(name, text)
    return this.#run(runMessage(name, values))
  }

  async script(sql: string): Promise<void> {
    await this.#run(scriptMessage(sql))
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  /** In a message of its own: were it sent with a failing run, nobody would know whether the name is taken. */
  async #prepare(name: string, text: string): Promise<void> {
    await this.#run(Buffer.concat([parseMessage(name, text), SYNC]))
    this.#prepared.add(name)
  }

  async #run(message: Uint8Array): Promise<readonly Row[]> {
    const chunks: Uint8Array[] = []
    try {
      await this.#client.execProtocolRawStream(message, {
        onRawData: (chunk) => chunks.push(chunk.slice()), // it is the database's own memory
      })
      return rowsOf(chunks)
    } catch (error) {
      throw translateFailure(error)
    }
  }
}
