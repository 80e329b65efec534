import type { AppendVerdict, StorageAppend } from '../../../event-store/event-storage.ts'
import { OutcomeUnknownError } from '../../../event-store/outcome-unknown-error.ts'
import {
  appendAllParameters,
  appendEventParameters,
  appendEventsParameters,
  verdictOf,
  type AppendAllOptions,
} from './append-call.ts'
import { DatabaseBrokenError } from '../database/database-broken-error.ts'
import { DatabaseError } from '../database/database-error.ts'
import { DatabaseUnavailableError } from '../database/database-unavailable-error.ts'
import type { DatabaseSession, Row, Statement } from '../database/database.ts'
import type { SchemaSql } from '../schema/schema-sql.ts'

/** The calls of the functions that append. */
export class AppendStatements {
  readonly #appendEvent: Statement
  readonly #appendEvents: Statement
  readonly #appendAll: Statement

  constructor(sql: SchemaSql) {
    this.#appendEvent = { ...sql.query('append_event'), timeoutMs: APPEND_TIMEOUT_MS }
    this.#appendEvents = { ...sql.query('append_events'), timeoutMs: APPEND_TIMEOUT_MS }
    this.#appendAll = { ...sql.query('append_all'), timeoutMs: APPEND_TIMEOUT_MS }
  }

  /** Appends to distinct streams by one statement, one verdict each, in their order. */
  async run(
    session: Pick<DatabaseSession, 'query'>,
    appends: readonly StorageAppend[],
    options: AppendAllOptions,
  ): Promise<readonly AppendVerdict[]> {
    const { waitMs } = options
    const [append, ...others] = appends
    if (append !== undefined && others.length === 0 && append.events.length > 0 && waitMs !== null)
      return (await this.#runOne(session, append, waitMs)).map(verdictOf)
    // In one order everywhere: two calls that share streams wait for each other, and never in a circle.
    const sorted = appends.toSorted((a, b) => (a.streamId < b.streamId ? -1 : 1))
    const statement = waitMs === null ? { ...this.#appendAll, timeoutMs: 0 } : this.#appendAll
    const rows = await session.query(statement, appendAllParameters(sorted, options))
    if (others.length === 0) return rows.map(verdictOf)
    const verdicts = new Map(sorted.map(({ streamId }, index) => [streamId, rows[index] as Row]))
    return appends.map(({ streamId }) => verdictOf(verdicts.get(streamId) as Row))
  }

  #runOne(
    session: Pick<DatabaseSession, 'query'>,
    append: StorageAppend,
    waitMs: number,
  ): Promise<readonly Row[]> {
    const [event, ...more] = append.events
    return event !== undefined && more.length === 0
      ? session.query(this.#appendEvent, appendEventParameters(append, { event, waitMs }))
      : session.query(this.#appendEvents, appendEventsParameters(append, waitMs))
  }
}

/** An append that has no answer after this long is taken for lost: a disk that stalls does so for a second or two. */
const APPEND_TIMEOUT_MS = 10_000

/** Tells whether another transaction was in the way: nothing was written, and another attempt may go through. */
export function isContention(error: unknown): error is DatabaseError {
  if (!(error instanceof DatabaseError)) return false
  const isTaken = error.sqlState === UNIQUE_VIOLATION && RACED_CONSTRAINTS.has(error.constraint)
  return (
    isTaken || error.sqlState === LOCK_TIMEOUT || error.sqlState.startsWith(TRANSACTION_ROLLBACK)
  )
}

/** Another writer took the version, or appended the command. */
const UNIQUE_VIOLATION = '23505'
/** Others, which a user may have added, refuse for good. */
const RACED_CONSTRAINTS: ReadonlySet<string | undefined> = new Set([
  'events_stream_version',
  'events_stream_command',
])
/** Another transaction wrote to the stream and is still open. */
const LOCK_TIMEOUT = '55P03'
/** Two calls waited for each other's streams, or met at a stricter isolation level than the default. */
const TRANSACTION_ROLLBACK = '40'

/** Tells whether the database refused a call, so that nothing of it stays. */
export function isRefused(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && !BREAKDOWN.test(error.sqlState)
}

/**
 * Disk full, input and output, errors of Postgres itself. A server that breaks down over one of these while it commits has said so, and yet the
 * commit may be there when it has recovered. (What it says of its severity can be in any language.)
 */
const BREAKDOWN = /^(53100|58...|XX...)$/

/** A failure without a word on what became of the appends gets that word. */
export function outcomeOf(error: unknown, appends: readonly StorageAppend[]): unknown {
  const isGone = error instanceof DatabaseUnavailableError || error instanceof DatabaseBrokenError
  const isUnknown = isGone ? error.outcome === 'unknown' : isBreakdown(error)
  return isUnknown
    ? new OutcomeUnknownError(
        appends.map(({ streamId }) => streamId),
        { cause: error },
      )
    : error
}

function isBreakdown(error: unknown): boolean {
  return error instanceof DatabaseError && !isRefused(error)
}
