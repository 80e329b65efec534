/**
 * Event storage on PostgreSQL 13 and later, and on PGlite.
 *
 * The unique (stream_id, version) decides which of two concurrent appends wins. Why a reader of the whole log never misses a late commit: see
 * `safe_position()` in sql/001_events.sql. It needs the primary, and READ COMMITTED or above.
 */
import type { Checkpoint } from '../../event-store/checkpoint.ts'
import type { CommandOutcome } from '../../event-store/event-reader.ts'
import type {
  AppendVerdict,
  EventStorage,
  EventStorageCapabilities,
  LogRange,
  StorageAppend,
  StoredLogPage,
  StreamRange,
} from '../../event-store/event-storage.ts'
import { OutcomeUnknownError } from '../../event-store/outcome-unknown-error.ts'
import type { StoredEvent } from '../../event-store/stored-event.ts'
import type { StreamId } from '../../event-store/stream-id.ts'
import { appendAllParameters, appendEventParameters, verdictOf } from './append-call.ts'
import { checkLog } from './check-log.ts'
import { DatabaseBrokenError } from './database-broken-error.ts'
import { DatabaseError } from './database-error.ts'
import { DatabaseUnavailableError } from './database-unavailable-error.ts'
import type { Database, DatabaseSession, Row } from './database.ts'
import { logPage } from './log-page.ts'
import { logStatements } from './log-statements.ts'
import { EVENT_MIGRATIONS, migrate } from './migrations.ts'
import { once } from './once.ts'
import { SchemaSql } from './schema-sql.ts'
import { isStorableText } from './storable-text.ts'
import { positionOf, storedEvent } from './stored-row.ts'

/** Another writer took the version, or appended the command. */
const UNIQUE_VIOLATION = '23505'
/** Two calls waited for each other's streams, or met at a stricter isolation level than the default. */
const TRANSACTION_ROLLBACK = '40'

export class PostgresEventStorage implements EventStorage {
  readonly capabilities: EventStorageCapabilities = { appendAll: true }
  readonly #database: Database
  readonly #statements: ReturnType<typeof statementsOf>
  /** Migrates and checks the schema before it is first used. */
  readonly #ready: () => Promise<void>

  constructor(database: Database, schema: string) {
    const sql = new SchemaSql(schema)
    this.#database = database
    this.#statements = statementsOf(sql)
    this.#ready = once(async () => {
      await migrate(database, { schema, sql, migrations: EVENT_MIGRATIONS })
      await checkLog(database, sql)
    })
  }

  async append(appends: readonly StorageAppend[]): Promise<readonly AppendVerdict[]> {
    await this.#ready()
    try {
      return await this.#append(appends)
    } catch (error) {
      if (isRace(error)) return appends.map(() => ({ status: 'raced' }))
      if (isLost(error))
        throw new OutcomeUnknownError(
          appends.map(({ streamId }) => streamId),
          { cause: error },
        )
      throw error
    }
  }

  async readStreamPage(
    streamId: StreamId,
    { fromVersion, toVersion = 2 ** 31 - 1, direction, limit }: StreamRange,
  ): Promise<{ readonly events: readonly StoredEvent[]; readonly version: number }> {
    await this.#ready()
    const statement = this.#statements[direction]
    const [summary, ...rows] = await this.#database.query(statement, [
      streamId,
      fromVersion,
      toVersion,
      limit,
    ])
    return {
      events: rows.map((row) => storedEvent(streamId, row)),
      version: Number(summary?.[0] ?? 0),
    }
  }

  async readAllPage({ after, until, types, categories, limit }: LogRange): Promise<StoredLogPage> {
    await this.#ready()
    const statement = this.#statements.readAll({ types, categories })
    const eventId = after !== undefined && isStorableText(after.eventId) ? after.eventId : null
    const rows = await this.#database.session(async (session) =>
      session.query(statement, [
        after?.position ?? 0,
        eventId,
        await this.#safePosition(session),
        until ?? null,
        types?.filter(isStorableText) ?? null,
        categories?.filter(isStorableText) ?? null,
        limit,
      ]),
    )
    return logPage(rows, { after, limit })
  }

  async head(): Promise<Checkpoint | undefined> {
    await this.#ready()
    const [row] = await this.#database.session(async (session) =>
      session.query(this.#statements.head, [await this.#safePosition(session)]),
    )
    if (row === undefined) return undefined
    const [position, eventId] = row as readonly [string, string]
    return { position: positionOf(position), eventId }
  }

  async contains({ position, eventId }: Checkpoint): Promise<boolean> {
    await this.#ready()
    if (!isStorableText(eventId)) return false
    const rows = await this.#database.query(this.#statements.contains, [position, eventId])
    return rows.length > 0
  }

  async streamsPage(
    category: string,
    { after, limit }: { readonly after: StreamId | undefined; readonly limit: number },
  ): Promise<readonly StreamId[]> {
    await this.#ready()
    if (!isStorableText(category)) return []
    // '.' follows '-' in the order of bytes: between the two lie all streams of the category.
    const bounds = [after ?? `${category}-`, `${category}.`]
    const rows = await this.#database.query(this.#statements.streams, [...bounds, limit])
    return rows.map(([streamId]) => streamId as StreamId)
  }

  async findCommand(streamId: StreamId, commandId: string): Promise<CommandOutcome | undefined> {
    await this.#ready()
    if (!isStorableText(streamId) || !isStorableText(commandId)) return undefined
    const [row] = await this.#database.query(this.#statements.findCommand, [streamId, commandId])
    if (row === undefined) return undefined
    const [version, position] = row as readonly [string, string]
    return { version: Number(version), position: positionOf(position) }
  }

  async #append(appends: readonly StorageAppend[]): Promise<readonly AppendVerdict[]> {
    const [append, ...others] = appends
    const [event, ...more] = append?.events ?? []
    if (append !== undefined && event !== undefined && others.length + more.length === 0) {
      const parameters = appendEventParameters(append, event)
      return (await this.#database.query(this.#statements.appendEvent, parameters)).map(verdictOf)
    }
    // In one order everywhere: two calls that share streams wait for each other, and never in a circle.
    const sorted = appends.toSorted((a, b) => (a.streamId < b.streamId ? -1 : 1))
    const rows = await this.#database.query(this.#statements.appendAll, appendAllParameters(sorted))
    const verdicts = new Map(sorted.map(({ streamId }, index) => [streamId, rows[index] as Row]))
    return appends.map(({ streamId }) => verdictOf(verdicts.get(streamId) as Row))
  }

  /** Asked before, and on the connection that the events are read from: another server may know of other appends. */
  async #safePosition(session: DatabaseSession): Promise<string> {
    const [[position] = []] = await session.query(this.#statements.safePosition)
    return position as string
  }
}

function statementsOf(sql: SchemaSql) {
  return {
    appendEvent: sql.query('append_event'),
    appendAll: sql.query('append_all'),
    forwards: sql.query('read_stream_forwards'),
    backwards: sql.query('read_stream_backwards'),
    readAll: logStatements(sql),
    safePosition: sql.query('safe_position'),
    head: sql.query('head'),
    contains: sql.query('contains'),
    streams: sql.query('streams'),
    findCommand: sql.query('find_command'),
  }
}

/** Without a word on what became of it. */
function isLost(error: unknown): boolean {
  const isGone = error instanceof DatabaseUnavailableError || error instanceof DatabaseBrokenError
  return isGone && error.outcome === 'unknown'
}

/** Others, which a user may have added, refuse for good. */
const RACED_CONSTRAINTS: ReadonlySet<string | undefined> = new Set([
  'events_stream_version',
  'events_stream_command',
])

function isRace(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false
  const isTaken = error.sqlState === UNIQUE_VIOLATION && RACED_CONSTRAINTS.has(error.constraint)
  return isTaken || error.sqlState.startsWith(TRANSACTION_ROLLBACK)
}
