/**
 * The `Database` port on an embedded PGlite: Postgres in this process, in a folder or in memory.
 *
 * It has one connection, so statements, sessions and transactions run one after another, and one process may hold a folder at a time.
 * A process that is killed loses nothing that was acknowledged; a power cut may (PGlite does not wait for the disk).
 */
import { DatabaseClosedError } from '../postgres/database/database-closed-error.ts'
import type { Database, DatabaseSession } from '../postgres/database/database.ts'
import { runTransaction } from '../postgres/database/transaction.ts'
import { openFolder } from './folder.ts'
import { loadPGlite } from './load-pglite.ts'
import { newDatabase } from './new-database.ts'
import { PGliteSession } from './pglite-session.ts'
import { Turns } from './turns.ts'

/** Instead of 128 MB, which it fills in the memory of this process: 110 MB less at the peak of an import of 23,000 events, and no slower. */
const SHARED_BUFFERS = '16MB'

/** An embedded database. Close it when all that uses it has stopped: the process does not end before. */
export interface PGliteDatabase extends Database, AsyncDisposable {
  /** Waits for what is running, closes the database and gives its folder free. Closing twice is closing once. */
  close(): Promise<void>
}

/**
 * Opens the database in a folder, or a new one in memory when no folder is given. The folder is made when it is missing.
 *
 * ```ts
 * await using database = await pglite('./data')
 * ```
 *
 * @throws {DatabaseInUseError} another process, or this one, has opened the folder.
 * @throws {FolderTakenError} the folder holds other files, and no database.
 * @throws {MissingPackageError} `@electric-sql/pglite` is not installed.
 */
export async function pglite(folder?: string): Promise<PGliteDatabase> {
  const PGlite = await loadPGlite()
  const startParams = [...PGlite.defaultStartParams, '-c', `shared_buffers=${SHARED_BUFFERS}`]
  if (folder === undefined) {
    const client = await PGlite.create({ startParams, ...(await newDatabase()) })
    return new EmbeddedDatabase(new PGliteSession(client))
  }
  const opened = await openFolder(folder)
  try {
    const { dataFolder: dataDir, isNew } = opened
    const session = new PGliteSession(
      await PGlite.create({ dataDir, startParams, ...(isNew ? await newDatabase() : {}) }),
    )
    await opened.created()
    return new EmbeddedDatabase(session, opened.release)
  } catch (error) {
    await opened.release()
    throw error
  }
}

class EmbeddedDatabase implements PGliteDatabase {
  readonly #session: PGliteSession
  readonly #release: () => Promise<void>
  readonly #turns = new Turns()
  #closing: Promise<void> | undefined

  constructor(session: PGliteSession, release: () => Promise<void> = async () => undefined) {
    this.#session = session
    this.#release = release
  }

  query(...call: Parameters<DatabaseSession['query']>): ReturnType<DatabaseSession['query']> {
    return this.session((session) => session.query(...call))
  }

  script(sql: string): Promise<void> {
    return this.session((session) => session.script(sql))
  }

  async session<Result>(work: (session: DatabaseSession) => Promise<Result>): Promise<Result> {
    if (this.#closing !== undefined) throw new DatabaseClosedError('The embedded database')
    return this.#turns.take(() => work(this.#session))
  }

  transaction<Result>(work: (session: DatabaseSession) => Promise<Result>): Promise<Result> {
    return this.session((session) => runTransaction(session, work))
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#turns.take(async () => {
      try {
        await this.#session.close()
      } finally {
        await this.#release()
      }
    }))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
