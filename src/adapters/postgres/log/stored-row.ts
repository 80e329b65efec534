import type { GlobalPosition } from '../../../event-store/global-position.ts'
import type { StoredEvent } from '../../../event-store/stored-event.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'
import { millisecondsOfHex } from '../database/timestamp.ts'

/**
 * An event in the columns type, header and data of the queries `read_…`.
 *
 * The header holds the rest, parted by blanks: id, recorded_at, occurred_at (empty when it is the same), position, version, schema_version, metadata.
 * A text for each of them would take `pg` a tenth of a microsecond, as much as a sixth of parsing the data.
 */
export class StoredRow implements StoredEvent {
  readonly streamId: StreamId
  readonly version: number
  readonly position: GlobalPosition
  readonly id: string
  readonly type: string
  readonly schemaVersion: number
  readonly data: string
  readonly #header: string
  readonly #metadataAt: number

  constructor(streamId: StreamId, [type, header, data]: StoredColumns) {
    const positionAt = header[OCCURRED_AT] === ' ' ? OCCURRED_AT + 1 : OCCURRED_AT + MOMENT + 1
    const versionAt = header.indexOf(' ', positionAt) + 1
    const schemaVersionAt = header.indexOf(' ', versionAt) + 1
    const metadataAt = header.indexOf(' ', schemaVersionAt) + 1
    this.streamId = streamId
    this.version = wholeNumber(header, versionAt, schemaVersionAt - 1)
    this.position = positionIn(header, positionAt, versionAt - 1)
    this.id = header.slice(0, ID)
    this.type = type
    this.schemaVersion = wholeNumber(header, schemaVersionAt, metadataAt - 1)
    this.data = data
    this.#header = header
    this.#metadataAt = metadataAt
  }

  get metadata(): string {
    return this.#header.slice(this.#metadataAt)
  }

  get recordedAtMs(): number {
    return millisecondsOfHex(this.#header.slice(RECORDED_AT, RECORDED_AT + MOMENT))
  }

  get occurredAtMs(): number {
    if (this.#header[OCCURRED_AT] === ' ') return this.recordedAtMs
    return millisecondsOfHex(this.#header.slice(OCCURRED_AT, OCCURRED_AT + MOMENT))
  }
}

const ID = 36
const MOMENT = 16
const RECORDED_AT = ID + 1
const OCCURRED_AT = RECORDED_AT + MOMENT + 1

export type StoredColumns = readonly [type: string, header: string, data: string]

/** Digit by digit: a text for each of the three numbers, and what is made of it, takes 65 of the 1,550 ns that reading an event of a log does. */
function wholeNumber(text: string, from: number, to: number): number {
  let number = 0
  for (let at = from; at < to; at++) number = number * 10 + text.charCodeAt(at) - ZERO
  return number
}

function positionIn(text: string, from: number, to: number): GlobalPosition {
  if (to - from > EXACT_DIGITS) return positionOf(text.slice(from, to))
  return BigInt(wholeNumber(text, from, to)) as GlobalPosition
}

const ZERO = '0'.charCodeAt(0)
/** Whole numbers of so many digits are exact. */
const EXACT_DIGITS = 15

/** A position that the database gave: it need not be checked. */
export function positionOf(text: string): GlobalPosition {
  return BigInt(text) as GlobalPosition
}
