import type { ImportedEventToStore } from '../../../event-store/imported-event.ts'
import type { DatabaseSession } from '../database/database.ts'
import type { BatchOptions, ImportBatch } from './import-batch.ts'
import { timestampText } from '../database/timestamp.ts'

/**
 * Events as lines of COPY's text format.
 *
 * As bytes at once: texts that live until their commit would keep the garbage collector busy for a third of the time. The moment of recording is known
 * last, so each line has room for it.
 */
export class CopyBatch implements ImportBatch {
  readonly #table: string
  readonly #blocks: Block[] = []
  bytes = 0

  /** @param table quoted, with its schema. */
  constructor(table: string) {
    this.#table = table
  }

  add(event: ImportedEventToStore): void {
    const line = lineOf(event)
    const most = line.length * 3 // bytes of UTF-8
    let block = this.#blocks.at(-1)
    if (block === undefined || block.room < most)
      this.#blocks.push((block = new Block(Math.max(BLOCK_SIZE, most))))
    this.bytes += block.add(line, event.occurredAtMs === undefined)
  }

  async write(session: DatabaseSession, options: BatchOptions): Promise<void> {
    const text = `COPY ${this.#table} (${COLUMNS}) FROM STDIN`
    if (session.copyIn === undefined)
      throw new TypeError(
        'The database has copyIn, but the session of its transaction has not. Give it to both, or to neither: then events are inserted.',
      )
    await session.copyIn(text, this.#parts(options))
  }

  *#parts({ isWanted, recordedAt }: BatchOptions): Generator<Uint8Array> {
    let first = 0
    for (const block of this.#blocks) {
      const next = first + block.count
      yield block.lines(isWanted.slice(first, next), recordedAt)
      first = next
    }
  }
}

/** In the order of a line. */
const COLUMNS =
  'stream_id, version, id, type, schema_version, data, metadata, occurred_at, recorded_at'

/** Large enough to be worth a write. */
const BLOCK_SIZE = 1 << 18

class Block {
  readonly #bytes: Buffer
  #size = 0
  /** Where each line ends. */
  readonly #ends: number[] = []
  /** Where the moment of recording goes. */
  readonly #moments: number[] = []

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size)
  }

  get room(): number {
    return this.#bytes.length - this.#size
  }

  get count(): number {
    return this.#ends.length
  }

  add(line: string, occursWhenRecorded: boolean): number {
    const written = this.#bytes.write(line, this.#size)
    this.#size += written
    this.#ends.push(this.#size)
    const moment = this.#size - MOMENT.length - 1
    this.#moments.push(moment)
    if (occursWhenRecorded) this.#moments.push(moment - MOMENT.length - 1)
    return written
  }

  lines(isWanted: readonly boolean[], recordedAt: string): Uint8Array {
    for (const place of this.#moments) this.#bytes.write(recordedAt, place, 'latin1')
    if (isWanted.every(Boolean)) return this.#bytes.subarray(0, this.#size)
    const lines = this.#ends.map((end, index) =>
      this.#bytes.subarray(this.#ends[index - 1] ?? 0, end),
    )
    return Buffer.concat(lines.filter((_, index) => isWanted[index]))
  }
}

/** As long as the moment that takes its place. */
const MOMENT = '2000-01-01T00:00:00.000Z'

function lineOf(event: ImportedEventToStore): string {
  const { streamId, version, id, type, schemaVersion, data, metadata, occurredAtMs } = event
  const occurredAt = occurredAtMs === undefined ? MOMENT : timestampText(occurredAtMs)
  return `${escaped(streamId)}\t${version}\t${id}\t${escaped(type)}\t${schemaVersion}\t${escapedJson(data)}\t${escapedJson(metadata)}\t${occurredAt}\t${MOMENT}\n`
}

/** A backslash begins an escape, a tab ends the field, a newline or a carriage return the line. */
function escaped(text: string): string {
  return SPECIAL.test(text) ? text.replace(SPECIALS, (found) => ESCAPES[found] ?? found) : text
}

const SPECIAL = /[\\\t\n\r]/
const SPECIALS = new RegExp(SPECIAL, 'g')
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
}

/** JSON text has escaped tabs and line ends itself, by backslashes. */
function escapedJson(json: string): string {
  return json.includes('\\') ? json.replaceAll('\\', '\\\\') : json
}
