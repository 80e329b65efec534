import { DatabaseBrokenError } from './database-broken-error.ts'
import type { DatabaseSession } from './database.ts'
import { DatabaseUnavailableError } from './database-unavailable-error.ts'

const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED'

/** Runs `work` as one transaction on a connection. @param options.hangMs as of `Database.transaction`. */
export async function runTransaction<Result>(
  session: DatabaseSession,
  work: (session: DatabaseSession) => Promise<Result>,
  { hangMs }: { readonly hangMs?: number | undefined } = {},
): Promise<Result> {
  const inside = new TransactionSession(session)
  await inside.query({ text: hangMs === undefined ? BEGIN : `${BEGIN}; ${limitsSql(hangMs)}` })
  const result = await work(inside).catch(async (error: unknown) => {
    await rollBack(session)
    throw error
  })
  if (inside.failure !== undefined) {
    await rollBack(session)
    throw inside.failure
  }
  await session.query({ text: 'COMMIT' })
  return result
}

function limitsSql(hangMs: number): string {
  return `SET LOCAL idle_in_transaction_session_timeout = ${hangMs}; SET LOCAL statement_timeout = ${hangMs}`
}

/** A session whose caller has opened a transaction on it, and ends it. */
export function insideTransaction(session: DatabaseSession): DatabaseSession {
  return new TransactionSession(session)
}

/** Remembers the first failure: Postgres answers the COMMIT of a failed transaction with a rollback, and no error. */
class TransactionSession implements DatabaseSession {
  readonly #session: DatabaseSession
  readonly copyIn?: NonNullable<DatabaseSession['copyIn']>
  failure: Error | undefined

  constructor(session: DatabaseSession) {
    this.#session = session
    if (session.copyIn !== undefined) {
      const copyIn = session.copyIn.bind(session)
      this.copyIn = (...call) => this.#guard(copyIn(...call))
    }
  }

  query(...call: Parameters<DatabaseSession['query']>): ReturnType<DatabaseSession['query']> {
    return this.#guard(this.#session.query(...call))
  }

  script(sql: string): Promise<void> {
    return this.#guard(this.#session.script(sql))
  }

  async #guard<Result>(running: Promise<Result>): Promise<Result> {
    try {
      return await running
    } catch (error) {
      const failure = undone(error)
      this.failure ??= failure
      throw failure
    }
  }
}

/** Before its COMMIT was sent, nothing of a transaction can stay. */
function undone(error: unknown): Error {
  if (error instanceof DatabaseUnavailableError && error.cause instanceof Error)
    return new DatabaseUnavailableError('not-run', { cause: error.cause })
  if (error instanceof DatabaseBrokenError && error.cause instanceof Error)
    return new DatabaseBrokenError('not-run', { cause: error.cause })
  return error as Error
}

/** A connection that cannot roll back is broken; the server does it when it notices. */
async function rollBack(session: DatabaseSession): Promise<void> {
  await session.query({ text: 'ROLLBACK' }).catch(() => undefined)
}
