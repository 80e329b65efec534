import { inspect } from 'node:util'
import { EverfoldError } from '../../../errors.ts'

/** A column cannot hold what a document has for it, or nothing holds it at all. Nothing was written. */
export class ColumnRefusedError extends EverfoldError {
  readonly code = 'COLUMN_REFUSED'
  readonly retryable = false
  /** Key of the document. */
  readonly key: string
  /** Name of the column; `'key'`: it is the key itself that cannot be held. */
  readonly column: string
  readonly value: unknown

  constructor(
    refused: { readonly key: string; readonly column: string; readonly value: unknown },
    reason: string,
    options?: ErrorOptions,
  ) {
    const { key, column, value } = refused
    super(`Column '${column}' cannot hold ${short(value)}: ${reason}`, options)
    this.key = key
    this.column = column
    this.value = value
  }
}

function short(value: unknown): string {
  const shown = inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 60 })
  return shown.length > 120 ? `${shown.slice(0, 120)}...` : shown
}
