import { encodeJson } from '../../../event-store/json-value.ts'
import type {
  DocumentWrite,
  LaneChanges,
  LaneStep,
} from '../../../projections/read-model-storage.ts'
import { isKey } from './document-key.ts'
import type { DocumentIndexes } from './document-indexes.ts'
import { IndexRefusedError } from './index-refused-error.ts'
import type { LaneKeys } from './key-layout.ts'
import { laneFields } from './lane-fields.ts'
import { parkedArguments } from './parked-fields.ts'

/** What the commit script takes. */
export interface CommitArguments {
  readonly keys: readonly string[]
  readonly args: readonly string[]
}

/** @returns what the script takes; or what cannot be held: then nothing is to be sent. */
export function commitArguments<Document>(
  lane: LaneKeys,
  indexes: DocumentIndexes<Document>,
  { step, changes }: { readonly step: LaneStep; readonly changes: LaneChanges<Document> },
): CommitArguments | { readonly refused: ReadonlyMap<string, Error> } {
  const puts = new Puts(lane, indexes)
  const deleted: string[] = []
  for (const { key, document, position } of changes.writes)
    if (document !== undefined) puts.add({ key, document, position })
    else if (isKey(key)) deleted.push(key)
  if (puts.refused.size > 0) return { refused: puts.refused }
  const { sortedSets, sets } = indexes
  const fields = laneFields(step.next, step.previous)
  const { counts, values } = parkedArguments(changes)
  const keys = [lane.lane, lane.keys, lane.parked, lane.parkedEvents, lane.parkedDiscarded]
  for (const name of sortedSets) keys.push(lane.sortedSet(name))
  keys.push(...puts.keys)
  for (const key of deleted) keys.push(lane.document(key))
  return {
    keys,
    args: [
      ...[step.previous.revision, `${fields.length}`, `${sortedSets.length}`, `${sets.length}`],
      ...[`${puts.keys.length}`, `${deleted.length}`, ...counts, ...fields],
      ...setArguments(lane, sets),
      ...puts.args,
      ...deleted,
      ...values,
    ],
  }
}

/** What the keys of each set begin with, and the field of a document that holds its members. */
export function setArguments(lane: LaneKeys, sets: readonly string[]): readonly string[] {
  return sets.flatMap((name) => [lane.set(name), `set:${name}`])
}

class Puts<Document> {
  readonly keys: string[] = []
  readonly args: string[] = []
  readonly refused = new Map<string, Error>()
  readonly #lane: LaneKeys
  readonly #indexes: DocumentIndexes<Document>

  constructor(lane: LaneKeys, indexes: DocumentIndexes<Document>) {
    this.#lane = lane
    this.#indexes = indexes
  }

  add({ key, document, position }: DocumentWrite<Document> & { document: Document }): void {
    try {
      if (!isKey(key)) throw new IndexRefusedError({ key, index: undefined, value: key })
      const json = encodeJson(document, `document '${key}'`)
      const entries = this.#indexes.entriesOf(key, document)
      this.keys.push(this.#lane.document(key))
      this.args.push(key, json, `${position}`)
      if (entries.length > 0) this.args.push(...entries)
    } catch (error) {
      this.refused.set(key, error as Error)
    }
  }
}
