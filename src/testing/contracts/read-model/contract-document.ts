import { globalPosition, type GlobalPosition } from '../../../event-store/global-position.ts'
import type { JsonValue } from '../../../event-store/json-value.ts'
import type { DocumentWrite, LaneChanges } from '../../../projections/read-model-storage.ts'

/** The document that the rules write: one member of each kind. A sink with typed columns declares them for it. */
export interface ContractDocument {
  readonly title: string
  /** A whole number, to the limits of what is safe. */
  readonly count: number
  readonly ratio: number
  readonly isOpen: boolean
  readonly lines: JsonValue
  readonly note: string | null
  readonly hint?: string
}

export const documentOf = (changes: Partial<ContractDocument> = {}): ContractDocument => ({
  title: 'Ada',
  count: 1,
  ratio: 0.5,
  isOpen: true,
  lines: [],
  note: null,
  ...changes,
})

export const at = (position: bigint | number): GlobalPosition => globalPosition(position)

/** A document to be written, with the position of its last event. */
export const put = (
  key: string,
  changes: Partial<ContractDocument> = {},
  position: bigint | number = 1,
): DocumentWrite<ContractDocument> => ({
  key,
  document: documentOf(changes),
  position: at(position),
})

/** A deletion. */
export const remove = (
  key: string,
  position: bigint | number = 1,
): DocumentWrite<ContractDocument> => ({ key, document: undefined, position: at(position) })

/** Documents `<prefix>0`, `<prefix>1`, ..., each with its number as `count`. */
export const many = (
  amount: number,
  prefix = 'document-',
): readonly DocumentWrite<ContractDocument>[] =>
  Array.from({ length: amount }, (_, index) => put(`${prefix}${index}`, { count: index }))

/** What a commit writes: documents and deletions, and parked events if there are any. */
export const changesOf = (
  writes: readonly DocumentWrite<ContractDocument>[],
  parked: Partial<Pick<LaneChanges<ContractDocument>, 'park' | 'unpark'>> = {},
): LaneChanges<ContractDocument> => ({ writes, park: [], unpark: [], ...parked })
