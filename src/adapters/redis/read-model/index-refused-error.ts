import { inspect } from 'node:util'
import { EverfoldError } from '../../../errors.ts'

/** A document cannot be kept under its key, or in a sorted set or set. Nothing was written. */
export class IndexRefusedError extends EverfoldError {
  readonly code = 'INDEX_REFUSED'
  readonly retryable = false
  /** Key of the document. */
  readonly key: string
  /** Name of the sorted set or set; undefined: it is the key itself that cannot be held. */
  readonly index: string | undefined
  readonly value: unknown

  constructor(refused: {
    readonly key: string
    readonly index: string | undefined
    readonly value: unknown
  }) {
    const { key, index, value } = refused
    super(
      index === undefined
        ? `${shown(key)} holds half of a surrogate pair, which Redis gets as another text. Give the projection keys that are well-formed texts.`
        : `Index '${index}' cannot hold ${shown(value)} for document ${shown(key)}. A score is a number or null; members are well-formed texts.`,
    )
    this.key = key
    this.index = index
    this.value = value
  }
}

function shown(value: unknown): string {
  return inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 60 })
}
