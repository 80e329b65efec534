import type { Scalar } from '../database/database.ts'
import { quoteIdentifier } from '../database/identifier.ts'
import { ColumnRefusedError } from './column-refused-error.ts'
import type { ColumnDefinition } from './document-columns.ts'

/** An index of the tables that hold documents, for readers who ask for more than keys. */
export interface ReadModelIndex<Document> {
  /** The columns that it orders documents by, the first one first. */
  readonly columns: readonly ((keyof Document & string) | 'key' | 'position')[]
}

/** An index as it is declared. */
export interface IndexDefinition {
  readonly columns: readonly string[]
  /** Its columns, quoted for SQL. */
  readonly list: string
  /** Where its columns stand in a row of key, position and cells. */
  readonly places: readonly number[]
}

/** What fits into an index, beside 32 numbers, where pages have 8 KiB. */
const MAX_INDEX_BYTES = 2400
const MAX_INDEX_COLUMNS = 32

/** @throws {TypeError} an index of no columns or too many, of one that is not declared, or of one whose values have no order. */
export function defineIndex(
  columns: readonly string[],
  definitions: readonly ColumnDefinition[],
): IndexDefinition {
  const own = [{ name: 'key' }, { name: 'position' }]
  const all: readonly { readonly name: string; readonly type?: string }[] = [...own, ...definitions]
  if (columns.length === 0 || columns.length > MAX_INDEX_COLUMNS)
    throw new TypeError(`An index has 1 to ${MAX_INDEX_COLUMNS} columns, not ${columns.length}.`)
  const places = columns.map((name) => all.findIndex((column) => column.name === name))
  for (const [index, place] of places.entries())
    if (place < 0 || all[place]?.type === 'json')
      throw new TypeError(
        place < 0
          ? `Column '${columns[index] ?? ''}' of an index is not among the columns of the read model: ${all.map(({ name }) => name).join(', ')}.`
          : `Column '${columns[index] ?? ''}' holds JSON, which has no order: no index can have it.`,
      )
  return { columns, list: columns.map(quoteIdentifier).join(', '), places }
}

/**
 * Checks a row of key, position and cells: the database would refuse it with its whole commit, and only if it cannot be compressed.
 *
 * @throws {ColumnRefusedError} an index cannot hold it.
 */
export function checkIndexed(
  indexes: readonly IndexDefinition[],
  key: string,
  cells: readonly Scalar[],
): void {
  for (const { columns, places } of indexes) {
    const sizes = places.map((place) => sizeOf(cells[place]))
    if (sizes.reduce((sum, size) => sum + size, 0) <= MAX_INDEX_BYTES) continue
    const longest = sizes.indexOf(Math.max(...sizes))
    throw new ColumnRefusedError(
      { key, column: columns[longest] ?? '', value: cells[places[longest] ?? 0] },
      `the index on ${columns.join(', ')} holds up to ${MAX_INDEX_BYTES} bytes.`,
    )
  }
}

function sizeOf(cell: Scalar | undefined): number {
  return typeof cell === 'string' ? Buffer.byteLength(cell) : 0
}
