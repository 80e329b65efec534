import { randomUUID } from 'node:crypto'
import { encodeJson } from '../../event-store/json-value.ts'
import type { GlobalPosition } from '../../event-store/global-position.ts'
import type {
  DocumentAt,
  DocumentWrite,
  LaneRecord,
  LaneStep,
} from '../../projections/read-model-storage.ts'

const SCAN_PAGE_SIZE = 1000

interface EncodedDocument {
  /** JSON text: what callers hold and change is never what is stored. */
  readonly json: string
  readonly position: GlobalPosition
}

/** The documents and lanes of one build. */
export class MemoryBuild<Document> {
  readonly #lanes: LaneRecord[]
  readonly #documents = new Map<string, EncodedDocument>()

  constructor(lanes: number) {
    this.#lanes = Array.from({ length: lanes }, () => ({
      revision: randomUUID(),
      epoch: 0,
      owner: undefined,
      checkpoint: undefined,
      isHeld: false,
    }))
  }

  lane(number: number): LaneRecord | undefined {
    return this.#lanes[number]
  }

  moveLane({ number, previous, next }: LaneStep): boolean {
    if (this.#lanes[number]?.revision !== previous.revision) return false
    this.#lanes[number] = { ...next }
    return true
  }

  load(keys: readonly string[]): ReadonlyMap<string, DocumentAt<Document>> {
    const found = new Map<string, DocumentAt<Document>>()
    for (const key of keys) {
      const encoded = this.#documents.get(key)
      if (encoded !== undefined) found.set(key, decode(encoded))
    }
    return found
  }

  commit(
    step: LaneStep,
    writes: readonly DocumentWrite<Document>[],
  ): 'committed' | 'superseded' | { readonly refused: ReadonlyMap<string, Error> } {
    const refused = new Map<string, Error>()
    const encoded = writes.map((write) => encode(write, refused))
    if (refused.size > 0) return { refused }
    if (!this.moveLane(step)) return 'superseded'
    for (const { key, document } of encoded)
      if (document === undefined) this.#documents.delete(key)
      else this.#documents.set(key, document)
    return 'committed'
  }

  /** By the keys that are there when it begins: a key deleted and written again meanwhile would come twice otherwise. */
  *scan(): Generator<readonly DocumentWrite<Document>[]> {
    const keys = [...this.#documents.keys()]
    for (let start = 0; start < keys.length; start += SCAN_PAGE_SIZE) {
      const page = this.load(keys.slice(start, start + SCAN_PAGE_SIZE))
      yield [...page].map(([key, document]) => ({ key, ...document }))
    }
  }
}

function encode<Document>(
  { key, document, position }: DocumentWrite<Document>,
  refused: Map<string, Error>,
): { readonly key: string; readonly document: EncodedDocument | undefined } {
  if (document === undefined) return { key, document: undefined }
  try {
    return { key, document: { json: encodeJson(document, `document '${key}'`), position } }
  } catch (error) {
    refused.set(key, error as Error)
    return { key, document: undefined }
  }
}

function decode<Document>({ json, position }: EncodedDocument): DocumentAt<Document> {
  return { document: JSON.parse(json) as Document, position }
}
