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
import type { StoredEvent } from '../../event-store/stored-event.ts'
import type { StreamId } from '../../event-store/stream-id.ts'
import { AppendStatements, isContention, outcomeOf } from './appending/append-statements.ts'
import type { Database, DatabaseSession, Row } from './database/database.ts'
import type { EventSchema } from './schema/event-schema.ts'
import { GroupCommit } from './appending/group-commit.ts'
import { logPage } from './log/log-page.ts'
import { logStatements } from './log/log-statements.ts'
import type { SchemaSql } from './schema/schema-sql.ts'
import { isStorableText } from './database/storable-text.ts'
import { positionOf, StoredRow, type StoredColumns } from './log/stored-row.ts'
import { TransactionRacedError } from './appending/transaction-raced-error.ts'

export class PostgresEventStorage implements EventStorage {
  readonly capabilities: EventStorageCapabilities = { appendAll: true }
  readonly #database: Database
  readonly #schema: EventSchema
  readonly #appends: AppendStatements
  readonly #groups: GroupCommit
  readonly #statements: ReturnType<typeof statementsOf>
  /** Of the event that was read last: the server leaves the type out where it is this one. Where types come in long runs, a log is read a tenth faster. */
  #lastType = ''

  constructor(schema: EventSchema) {
    const { database, sql } = schema
    this.#database = database
    this.#schema = schema
    this.#appends = new AppendStatements(sql)
    this.#groups = new GroupCommit((appends, waitMs) =>
      this.#appends.run(database, appends, { isAtomic: false, waitMs }),
    )
    this.#statements = statementsOf(sql)
  }

  async append(appends: readonly StorageAppend[]): Promise<readonly AppendVerdict[]> {
    await this.#schema.ready()
    const [append] = appends
    const verdicts =
      append !== undefined && appends.length === 1
        ? [await this.#groups.append(append)]
        : await this.#appendAll(appends)
    if (verdicts.some(isWritten)) this.#database.notifications?.notify(this.#schema.name)
    return verdicts
  }

  /** Appends in a transaction that its caller has open on `session`, and commits or not. */
  async appendWithin(
    session: DatabaseSession,
    appends: readonly StorageAppend[],
  ): Promise<readonly AppendVerdict[]> {
    await this.#schema.readyWithin(session)
    try {
      return await this.#appends.run(session, appends, { isAtomic: true, waitMs: null })
    } catch (error) {
      if (!isContention(error)) throw error
      const streams = appends.map(({ streamId }) => streamId)
      throw new TransactionRacedError(streams, { cause: error })
    }
  }

  watch(wake: () => void): () => void {
    return this.#database.notifications?.listen(this.#schema.name, wake) ?? (() => undefined)
  }

  async readStreamPage(
    streamId: StreamId,
    { fromVersion, toVersion = 2 ** 31 - 1, direction, limit }: StreamRange,
    take: (event: StoredEvent) => void,
  ): Promise<number> {
    await this.#schema.ready()
    let version = 0
    const takeRow = (row: Row): void => {
      if (row[0] === null) version = Number(row[1] ?? 0)
      else take(new StoredRow(streamId, row[0] as string, row as StoredColumns))
    }
    const parameters = [streamId, fromVersion, toVersion, limit]
    await this.#database.query({ ...this.#statements[direction], take: takeRow }, parameters)
    return version
  }

  /**
   * A page that continues a finite read is read with the safe position that its connection knows, in one round trip: to ask first takes a tenth of a
   * page's time. Where that leaves the page short, it is read again with a fresh one.
   */
  async readAllPage(range: LogRange): Promise<StoredLogPage> {
    const { after, until, isBelowHead, types, categories, partition, limit } = range
    await this.#schema.ready()
    const statement = this.#statements.readAll({ types, categories, partition })
    const eventId = after !== undefined && isStorableText(after.eventId) ? after.eventId : null
    const type = this.#lastType
    const read = async (session: DatabaseSession, safePosition: string | null) => {
      const rows = await session.query(statement, [
        after?.position ?? 0,
        eventId,
        safePosition,
        until ?? null,
        types?.filter(isStorableText) ?? null,
        categories?.filter(isStorableText) ?? null,
        limit,
        partition?.count ?? null,
        partition?.parts ?? null,
        type,
      ])
      const page = logPage(rows, { after, limit, type })
      this.#lastType = page.events.at(-1)?.type ?? type
      return page
    }
    if (after !== undefined && isBelowHead === true) {
      const page = await read(this.#database, null)
      if (page.isFull) return page
    }
    return this.#database.session(async (session) =>
      read(session, await this.#safePosition(session)),
    )
  }

  async head(): Promise<Checkpoint | undefined> {
    await this.#schema.ready()
    const [row] = await this.#database.session(async (session) =>
      session.query(this.#statements.head, [await this.#safePosition(session)]),
    )
    if (row === undefined) return undefined
    const [position, eventId] = row as readonly [string, string]
    return { position: positionOf(position), eventId }
  }

  async contains({ position, eventId }: Checkpoint): Promise<boolean> {
    await this.#schema.ready()
    if (!isStorableText(eventId)) return false
    const rows = await this.#database.query(this.#statements.contains, [position, eventId])
    return rows.length > 0
  }

  async streamsPage(
    category: string,
    { after, limit }: { readonly after: StreamId | undefined; readonly limit: number },
  ): Promise<readonly StreamId[]> {
    await this.#schema.ready()
    if (!isStorableText(category)) return []
    // '.' follows '-' in the order of bytes: between the two lie all streams of the category.
    const first = `${category}-`
    const bounds = [after ?? first, `${category}.`]
    const rows = await this.#database.query(this.#statements.streams, [...bounds, limit, first])
    return rows.map(([streamId]) => streamId as StreamId)
  }

  async findCommand(streamId: StreamId, commandId: string): Promise<CommandOutcome | undefined> {
    await this.#schema.ready()
    if (!isStorableText(streamId) || !isStorableText(commandId)) return undefined
    const [row] = await this.#database.query(this.#statements.findCommand, [streamId, commandId])
    if (row === undefined) return undefined
    const [version, position] = row as readonly [string, string]
    return { version: Number(version), position: positionOf(position) }
  }

  async #appendAll(appends: readonly StorageAppend[]): Promise<readonly AppendVerdict[]> {
    try {
      const options = { isAtomic: true, waitMs: APPEND_ALL_WAIT_MS }
      return await this.#appends.run(this.#database, appends, options)
    } catch (error) {
      if (isContention(error)) return appends.map(() => ({ status: 'raced' }))
      throw outcomeOf(error, appends)
    }
  }

  /** Asked before, and on the connection that the events are read from: another server may know of other appends. */
  async #safePosition(session: DatabaseSession): Promise<string> {
    const [[position] = []] = await session.query(this.#statements.safePosition)
    return position as string
  }
}

function statementsOf(sql: SchemaSql) {
  return {
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

/** Of several streams, which others may hold one by one. */
const APPEND_ALL_WAIT_MS = 200

function isWritten(verdict: AppendVerdict): boolean {
  return verdict.status === 'appended' && verdict.positions.length > 0
}
