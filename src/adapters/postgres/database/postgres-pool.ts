import { DatabaseClosedError } from './database-closed-error.ts'
import { DatabaseUnavailableError } from './database-unavailable-error.ts'
import { translateConnectFailure } from './driver-failure.ts'

/** What is used of a `pg.Pool`. Listen to its `'error'` event, as `pg` asks: it reports idle connections that broke. */
export interface PostgresPool {
  readonly ended?: boolean
  readonly ending?: boolean
  readonly options?: { readonly max?: number | undefined }
  connect(callback: (error: Error | undefined, client: PostgresClient | undefined) => void): void
}

/** What is used of a `pg.PoolClient`. */
export interface PostgresClient {
  query(query: PostgresQuery, callback: (error: Error | null, result: PostgresResult) => void): void
  query<Submitted extends PostgresSubmittable>(submitted: Submitted): Submitted
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'notification', listener: (notice: PostgresNotice) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'notification', listener: (notice: PostgresNotice) => void): unknown
  release(destroy?: boolean): void
  /** `'I'` outside of a transaction, `'T'` inside, `'E'` inside a failed one. Of `pg` 8.21 and later: an older one does not tell. */
  getTransactionStatus?(): string | null
  /** Speaks the protocol. A client on a native library has none. */
  readonly connection?: unknown
  /** Whether it sends queries before the ones before them were answered. */
  readonly pipeline?: boolean
}

export interface PostgresResult {
  readonly rows: unknown[]
}

/** A query that speaks with the connection itself, e.g. a stream of `pg-copy-streams`. */
export interface PostgresSubmittable {
  submit(connection: unknown): void
}

export interface PostgresNotice {
  readonly payload?: string | undefined
}

export interface PostgresQuery {
  readonly text: string
  readonly name?: string
  readonly values?: (string | null)[]
  readonly rowMode: 'array'
  /** Per query: `pg`'s global parsers belong to the application. */
  readonly types: { getTypeParser(): (text: string) => string }
}

/**
 * Takes a client from a pool.
 *
 * By callback, so that the listener is there when the next byte arrives: a server that ends the connection at once would end the process, too.
 *
 * @param timeoutMs how long to wait for one; 0: for ever.
 * @throws {DatabaseUnavailableError} with `outcome: 'not-run'`.
 */
export function connect(pool: PostgresPool, timeoutMs = 0): Promise<PostgresClient> {
  if (isClosed(pool)) throw new DatabaseClosedError('The pool')
  return new Promise((resolve, reject) => {
    let isLate = false
    const deadline = performance.now() + (timeoutMs > 0 ? timeoutMs : Infinity)
    const giveUp = (error: Error): void => {
      isLate = true
      clearInterval(timer)
      reject(error)
    }
    // A pool that is ended forgets those who wait for a connection of it.
    const timer = setInterval(() => {
      if (isClosed(pool)) giveUp(new DatabaseClosedError('The pool'))
      if (performance.now() < deadline) return
      const cause = new Error(`no connection of the pool was free within ${timeoutMs} ms`)
      giveUp(new DatabaseUnavailableError('not-run', { cause }))
    }, CHECK_MS)
    const take = (): void => {
      pool.connect((error, client) => {
        if (isLate) client?.release()
        else if (client !== undefined && isInTransaction(client)) {
          client.release(true)
          take()
        } else {
          clearInterval(timer)
          client?.on('error', ignore)
          if (client === undefined) reject(translateConnectFailure(error))
          else resolve(client)
        }
      })
    }
    take()
  })
}

/** Somebody has given it back without ending a transaction: what is written on it goes with that, and what is read may be old. */
function isInTransaction(client: PostgresClient): boolean {
  const status = client.getTransactionStatus?.()
  return status === 'T' || status === 'E'
}

const CHECK_MS = 50

function isClosed({ ended, ending }: PostgresPool): boolean {
  return ended === true || ending === true
}

/** For a connection that breaks while nothing runs on it: the next statement on it fails and says so. Without a listener the process would end. */
export function ignore(): void {
  return
}
