import { encodeJson } from '../../../event-store/json-value.ts'
import type { Scalar } from '../database/database.ts'
import { isStorableText } from '../database/storable-text.ts'

/**
 * How one member of a document lies in a column. What a column cannot give back exactly as it was given it refuses: nothing is cut,
 * rounded or replaced.
 */
export interface Column<Value> {
  /** SQL type of the column. */
  readonly type: string
  /** What NULL stands for: nothing (the column is NOT NULL), the value null, or a member that is absent. */
  readonly empty: 'refused' | 'null' | 'absent'
  /** @throws {TypeError | NotJsonError} the column cannot hold the value; the message says what it holds. */
  readonly encode: (value: Value) => Scalar
  readonly decode: (text: string) => unknown
}

/** A column for each member of a document. */
export type ColumnsOf<Document> = {
  readonly [Member in keyof Document]-?: Column<Document[Member]>
}

/** Text without U+0000 and without half surrogate pairs, which Postgres does not keep. */
export const text: Column<string> = {
  type: 'text',
  empty: 'refused',
  encode: (value) => {
    if (isStorableText(value)) return value
    throw new TypeError('text holds strings without U+0000 and half surrogate pairs.')
  },
  decode: (text) => text,
}

/** Whole numbers of 32 bits: -2,147,483,648 to 2,147,483,647. */
export const integer: Column<number> = {
  type: 'integer',
  empty: 'refused',
  encode: (value) => {
    if (Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31) return value
    throw new TypeError('integer holds whole numbers from -2,147,483,648 to 2,147,483,647.')
  },
  decode: Number,
}

/** Whole numbers that a JavaScript number holds exactly: up to 2^53 - 1, negative ones too. */
export const bigint: Column<number> = {
  type: 'bigint',
  empty: 'refused',
  encode: (value) => {
    if (Number.isSafeInteger(value)) return value
    throw new TypeError('bigint holds whole numbers from -(2^53 - 1) to 2^53 - 1.')
  },
  decode: Number,
}

/** All finite numbers, exactly; -0 comes back as 0, as it does from JSON. */
export const double: Column<number> = {
  type: 'double precision',
  empty: 'refused',
  encode: (value) => {
    if (Number.isFinite(value)) return value
    throw new TypeError('double holds finite numbers.')
  },
  decode: Number,
}

export const boolean: Column<boolean> = {
  type: 'boolean',
  empty: 'refused',
  encode: (value) => {
    if (typeof value === 'boolean') return value
    throw new TypeError('boolean holds true and false.')
  },
  decode: (text) => text === 't',
}

/** Any JSON value, kept as it was written: also null, U+0000 (which SQL functions on JSON refuse to look at) and every number. */
export function json<Value>(): Column<Value> {
  return {
    type: 'json',
    empty: 'refused',
    encode: (value) => encodeJson(value, 'it'),
    decode: (text) => JSON.parse(text) as unknown,
  }
}

/** A column for members that may be null: NULL stands for null. */
export function nullable<Value>(column: Column<Value>): Column<Value | null> {
  return emptied(column, 'null')
}

/** A column for members that may be absent (`hint?: string`): NULL stands for an absent member. */
export function optional<Value>(column: Column<Value>): Column<Value | undefined> {
  return emptied(column, 'absent')
}

function emptied<Value>(column: Column<Value>, empty: 'null' | 'absent'): Column<unknown> {
  if (column.empty !== 'refused')
    throw new TypeError(
      'NULL can stand for one thing. For a member that may be absent or null use optional(json<Value | null>()).',
    )
  return { ...column, empty } as Column<unknown>
}
