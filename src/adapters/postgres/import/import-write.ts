import { LRUCache } from 'lru-cache'
import type { GlobalPosition } from '../../../event-store/global-position.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'
import { CopyBatch } from './copy-batch.ts'
import type { Database, DatabaseSession, Statement } from '../database/database.ts'
import type { ImportBatch } from './import-batch.ts'
import { missingEvents, type ChunkStream } from './import-check.ts'
import type { ImportChunk } from './import-chunk.ts'
import { InsertBatch } from './insert-batch.ts'
import type { SchemaSql } from '../schema/schema-sql.ts'
import { positionOf } from '../log/stored-row.ts'
import { millisecondsOfEpoch, timestampText } from '../database/timestamp.ts'

/** What became of a chunk. */
export interface WrittenChunk {
  readonly written: number
  readonly skipped: number
  /** The greatest position of its events. */
  readonly position: GlobalPosition
}

/** Writes the chunks of one import: what is not in the log yet, in the order of the input. */
export class ImportWrite {
  /**
   * Versions that streams have by commits of this import, on a server that has not been restarted or replaced since: asking for them again would take
   * a fourth of the time. If somebody else appended meanwhile, the unique key tells.
   */
  readonly #known = new LRUCache<StreamId, number>({ max: KNOWN_STREAMS })
  #serverStart: string | null | undefined
  readonly #begin: Statement
  readonly #versions: Statement
  readonly #ids: Statement
  readonly #position: Statement
  /** Makes the batch that goes with this database. */
  readonly newBatch: () => ImportBatch

  constructor(database: Database, sql: SchemaSql) {
    this.#begin = sql.query('import_begin')
    this.#versions = sql.query('import_versions')
    this.#ids = sql.query('import_ids')
    this.#position = sql.query('import_position')
    const insert = sql.query('import_insert')
    this.newBatch = () =>
      database.copyIn === undefined
        ? new InsertBatch(insert)
        : new CopyBatch(`${sql.identifier}.events`)
  }

  /**
   * Writes a chunk in the transaction of `session`.
   *
   * @throws {ImportConflictError | ImportGapError} it does not fit the log.
   * @throws {DatabaseError} with `constraint: 'events_stream_version'`: somebody else appended to one of its streams meanwhile.
   */
  async run(session: DatabaseSession, chunk: ImportChunk): Promise<WrittenChunk> {
    const { events, streams, batch } = chunk
    const [[, , now, serverStart] = []] = await session.query(this.#begin)
    if (serverStart !== this.#serverStart) this.forget()
    this.#serverStart = serverStart
    const before = await this.#look(session, streams)
    const isWanted = missingEvents(events)
    const last = events[isWanted.lastIndexOf(true)]
    if (last === undefined) return { written: 0, skipped: events.length, position: before }
    await batch.write(session, {
      isWanted,
      recordedAt: timestampText(millisecondsOfEpoch(now as string)),
    })
    const [[position] = []] = await session.query(this.#position, [last.streamId, last.version])
    const written = isWanted.filter(Boolean).length
    const skipped = events.length - written
    return { written, skipped, position: positionOf(position as string) }
  }

  /** After the commit of a chunk. */
  remember({ streams }: ImportChunk): void {
    for (const [streamId, { version }] of streams) this.#known.set(streamId, version)
  }

  /** After a chunk failed: its streams may have been appended to. */
  forget(): void {
    this.#known.clear()
  }

  /** Learns what the log has of the streams; gives the greatest position of the events asked for that are there. */
  async #look(session: DatabaseSession, streams: ImportChunk['streams']): Promise<GlobalPosition> {
    const asked: (readonly [StreamId, ChunkStream])[] = []
    for (const entry of streams) {
      const [streamId, stream] = entry
      const version = this.#known.get(streamId)
      if (version === undefined) asked.push(entry)
      else stream.version = version
    }
    await this.#askVersions(session, asked)
    const known = [...streams].filter(([, { first, version }]) => version >= first)
    if (known.length === 0) return positionOf('0')
    const rows = await session.query(this.#ids, [
      known.map(([streamId]) => streamId),
      known.map(([, { first }]) => first),
      known.map(([, { last }]) => last),
    ])
    for (const [index, [, stream]] of known.entries()) stream.storedIds = listOf(rows[index]?.[0])
    return rows
      .map(([, position]) => positionOf(position as string))
      .reduce((one, other) => (one > other ? one : other))
  }

  async #askVersions(
    session: DatabaseSession,
    streams: readonly (readonly [StreamId, ChunkStream])[],
  ): Promise<void> {
    if (streams.length === 0) return
    const [[versions] = []] = await session.query(this.#versions, [streams.map(([id]) => id)])
    for (const [index, version] of listOf(versions).entries())
      (streams[index] as [StreamId, ChunkStream])[1].version = Number(version)
  }
}

/** Bounds memory: about 10 MB. */
const KNOWN_STREAMS = 100_000

/** Reads a Postgres array of numbers or UUIDs. */
function listOf(text: string | null | undefined): readonly string[] {
  return typeof text === 'string' ? text.slice(1, -1).split(',') : []
}
