import { ColumnRefusedError } from './column-refused-error.ts'
import { json, type Column, type ColumnsOf } from './columns.ts'
import type { Row, Scalar } from '../database/database.ts'
import { quoteIdentifier } from '../database/identifier.ts'

/** How whole documents lie in the columns of a table. */
export interface DocumentColumns<Document> {
  readonly definitions: readonly ColumnDefinition[]
  /** One value per column, in the order of the definitions. */
  encode(key: string, document: Document): readonly Scalar[]
  decode(cells: Row): Document
}

export interface ColumnDefinition extends Pick<Column<never>, 'type' | 'empty'> {
  readonly name: string
  /** Quoted for SQL. */
  readonly identifier: string
}

type Members = Readonly<Record<string, unknown>>

/**
 * Each member in a column of its own.
 *
 * @throws {TypeError} a name that no column can have.
 */
export function memberColumns<Document>(columns: ColumnsOf<Document>): DocumentColumns<Document> {
  // What a member holds at run time is for its column to check.
  const members = Object.entries(columns as Readonly<Record<string, Column<unknown>>>)
  return {
    definitions: members.map(([name, column]) => define(name, column)),
    encode: (key, document) => {
      const values = document as Members
      const cells = members.map(([name, column]) => {
        try {
          return encode(column, values[name])
        } catch (cause) {
          throw refusal({ key, column: name, value: values[name] }, cause)
        }
      })
      refuseOthers(columns, key, values)
      return cells
    },
    decode: (cells) => {
      const document: Record<string, unknown> = {}
      for (const [index, [name, { empty, decode }]] of members.entries()) {
        const cell = cells[index] ?? null
        if (cell !== null) document[name] = decode(cell)
        else if (empty === 'null') document[name] = null
      }
      return document as Document
    },
  }
}

/** The whole document in one column `document` of JSON. */
export function jsonColumn<Document>(): DocumentColumns<Document> {
  const name = 'document'
  const column = json<unknown>()
  return {
    definitions: [define(name, column)],
    encode: (key, value) => {
      try {
        return [column.encode(value)]
      } catch (cause) {
        throw refusal({ key, column: name, value }, cause)
      }
    },
    decode: ([text]) => column.decode(text ?? '') as Document,
  }
}

/** Says what columns hold, e.g. `owner text, cents bigint null`: the same text, the same documents. */
export function describeColumns(definitions: readonly ColumnDefinition[]): string {
  const endings = { refused: '', null: ' null', absent: ' optional' }
  return definitions
    .map(({ name, type, empty }) => `${name} ${type}${endings[empty]}`)
    .toSorted()
    .join(', ')
}

function define(
  name: string,
  { type, empty }: Pick<Column<never>, 'type' | 'empty'>,
): ColumnDefinition {
  if (OWN_COLUMNS.has(name))
    throw new TypeError(
      `Column '${name}' is one that every read model has. Give the member another name, or leave out 'columns' to keep documents as JSON.`,
    )
  return { name, type, empty, identifier: quoteIdentifier(name) }
}

/** `__proto__` cannot be assigned like other members. */
const OWN_COLUMNS = new Set(['key', 'position', '__proto__'])

function encode(column: Column<unknown>, value: unknown): Scalar {
  if (value === null && column.empty === 'null') return null
  if (value === undefined && column.empty === 'absent') return null
  return column.encode(value)
}

function refusal(
  cell: { readonly key: string; readonly column: string; readonly value: unknown },
  cause: unknown,
): ColumnRefusedError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new ColumnRefusedError(cell, reason, { cause })
}

/** A member without a column would be lost. */
function refuseOthers(columns: object, key: string, values: Members): void {
  for (const name in values) {
    const value = values[name]
    if (value !== undefined && !Object.hasOwn(columns, name) && Object.hasOwn(values, name))
      throw new ColumnRefusedError(
        { key, column: name, value },
        'the read model declares no such column.',
      )
  }
}
