import { ExponentialBackoff, handleWhen, retry } from 'cockatiel'
import { EverfoldError } from '../../../errors.ts'
import type { EventEncoder } from '../../../event-store/event-encoder.ts'
import { held } from '../../../event-store/held.ts'
import type { ImportedEvent } from '../../../event-store/imported-event.ts'
import { unlessAborted } from '../../../event-store/unless-aborted.ts'
import { isContention } from '../appending/append-statements.ts'
import { DatabaseUnavailableError } from '../database/database-unavailable-error.ts'
import type { EventSchema } from '../schema/event-schema.ts'
import { importChunks, type ImportChunk } from './import-chunk.ts'
import { ImportInterruptedError } from './import-interrupted-error.ts'
import type { ImportProgress } from './import-progress.ts'
import { ImportWrite, type WrittenChunk } from './import-write.ts'

export interface ImportOptions {
  /** Called after each commit. */
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined
  /**
   * Most events of a commit, from 1; fewer when they are large. Appends to streams of a commit wait for it, and so do readers of the log at its place.
   * Default 10,000.
   */
  readonly chunkSize?: number | undefined
  /** Ends the import after the commit in hand, with its reason thrown. */
  readonly signal?: AbortSignal | undefined
}

/** Writes a history into the log, in bulk. */
export class EventImporter {
  readonly #schema: EventSchema
  readonly #encoder: EventEncoder
  readonly #onWritten: () => void
  readonly #deadlineMs: number

  constructor(
    schema: EventSchema,
    encoder: EventEncoder,
    options: {
      /** Called after each commit. */
      readonly onWritten?: (() => void) | undefined
      /** How long a chunk is tried again while the database cannot be written to. Default 60,000. */
      readonly deadlineMs?: number | undefined
    } = {},
  ) {
    const { onWritten = () => undefined, deadlineMs = 60_000 } = options
    this.#schema = schema
    this.#encoder = encoder
    this.#onWritten = onWritten
    this.#deadlineMs = deadlineMs
  }

  /** See `PostgresEventStore.import`. */
  async import(
    events: Iterable<ImportedEvent> | AsyncIterable<ImportedEvent>,
    options: ImportOptions = {},
  ): Promise<ImportProgress> {
    const { onProgress, chunkSize = DEFAULT_CHUNK_SIZE, signal } = options
    if (!Number.isInteger(chunkSize) || chunkSize < 1)
      throw new TypeError(`chunkSize is ${chunkSize}. Pass a whole number from 1.`)
    signal?.throwIfAborted()
    const write = new ImportWrite(this.#schema.database, this.#schema.sql)
    const chunks = importChunks(events, {
      encoder: this.#encoder,
      newBatch: write.newBatch,
      chunkSize,
    })
    let progress: ImportProgress = { read: 0, written: 0, skipped: 0, position: undefined }
    try {
      let coming = chunks.next()
      for (;;) {
        const { value: chunk } = await unlessAborted(coming, signal)
        if (chunk === undefined) return progress
        const writing = this.#writeChunk(chunk, { write, progress, signal })
        coming = held(chunks.next()) // encoded while this one is copied
        progress = progressAfter(progress, await writing)
        onProgress?.(progress)
      }
    } finally {
      // Not awaited: the input may never give its next event.
      chunks.return(undefined).catch(() => undefined)
    }
  }

  /** Repeats a chunk until it is in the log: those of its events that a lost attempt wrote are skipped then. */
  async #writeChunk(
    chunk: ImportChunk,
    { write, progress, signal }: ChunkContext,
  ): Promise<WrittenChunk> {
    const deadline = performance.now() + this.#deadlineMs
    const isInTime = (): boolean => performance.now() < deadline && signal?.aborted !== true
    const policy = retry(
      handleWhen((error) => canPass(error) && isInTime()),
      {
        maxAttempts: Infinity,
        backoff: new ExponentialBackoff({ initialDelay: 20, maxDelay: 1000 }),
      },
    )
    let lost: WrittenChunk | undefined
    const attempt = async (): Promise<WrittenChunk> => {
      let outcome: WrittenChunk | undefined
      try {
        await this.#schema.ready()
        const committed = await this.#schema.database.transaction(
          async (session) => (outcome = await write.run(session, chunk)),
        )
        write.remember(chunk)
        return committed
      } catch (error) {
        write.forget()
        if (isOutcomeUnknown(error)) lost ??= outcome
        throw error
      }
    }
    try {
      const found = await policy.execute(attempt)
      this.#onWritten()
      // What an attempt wrote whose reply was lost, a later one finds and skips.
      const { written, skipped } = lost ?? found
      return { written, skipped, position: found.position }
    } catch (error) {
      if (!canPass(error)) throw error
      signal?.throwIfAborted()
      throw new ImportInterruptedError(progress, { ms: this.#deadlineMs, cause: error })
    }
  }
}

interface ChunkContext {
  readonly write: ImportWrite
  readonly progress: ImportProgress
  readonly signal: AbortSignal | undefined
}

const DEFAULT_CHUNK_SIZE = 10_000

function progressAfter(progress: ImportProgress, chunk: WrittenChunk): ImportProgress {
  const { read, written, skipped, position } = progress
  return {
    read: read + chunk.written + chunk.skipped,
    written: written + chunk.written,
    skipped: skipped + chunk.skipped,
    position: position !== undefined && position > chunk.position ? position : chunk.position,
  }
}

/** Tells whether the same chunk can go through when it is tried again; appends that came between are found then. */
function canPass(error: unknown): error is EverfoldError {
  return EverfoldError.is(error) && (error.retryable || isContention(error))
}

function isOutcomeUnknown(error: unknown): boolean {
  return error instanceof DatabaseUnavailableError && error.outcome === 'unknown'
}
