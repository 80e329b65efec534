import { encodeJson } from '../../event-store/json-value.ts'
import type { GlobalPosition } from '../../event-store/global-position.ts'
import { newLaneRecord } from '../../projections/lanes/lane-record.ts'
import type {
  DocumentAt,
  DocumentWrite,
  LaneChanges,
  LaneRecord,
  LaneStep,
  ParkedEvent,
} from '../../projections/read-model-storage.ts'
import { MemoryParkedEvents } from './memory-parked-events.ts'

const SCAN_PAGE_DOCUMENTS = 1000
const SCAN_PAGE_CHARACTERS = 4 * 2 ** 20

interface EncodedDocument {
  /** JSON text: what callers hold and change is never what is stored. */
  readonly json: string
  readonly position: GlobalPosition
}

/** The documents, lanes and parked events of one build. */
export class MemoryBuild<Document> {
  readonly #lanes: LaneRecord[]
  readonly #parked: readonly MemoryParkedEvents[]
  readonly #documents = new Map<string, EncodedDocument>()

  constructor(lanes: number) {
    this.#lanes = Array.from({ length: lanes + 1 }, newLaneRecord)
    this.#parked = this.#lanes.map(() => new MemoryParkedEvents())
  }

  lane(number: number): LaneRecord | undefined {
    const lane = this.#lanes[number]
    return lane && copyOf(lane)
  }

  lanes(): readonly LaneRecord[] {
    return this.#lanes.map(copyOf)
  }

  moveLane({ number, previous, next }: LaneStep): boolean {
    if (this.#lanes[number]?.revision !== previous.revision) return false
    this.#lanes[number] = copyOf(next)
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
    { writes, park, unpark }: LaneChanges<Document>,
  ): 'committed' | 'superseded' | { readonly refused: ReadonlyMap<string, Error> } {
    const refused = new Map<string, Error>()
    const encoded = writes.map((write) => encode(write, refused))
    if (refused.size > 0) return { refused }
    if (!this.moveLane(step)) return 'superseded'
    for (const { key, document } of encoded)
      if (document === undefined) this.#documents.delete(key)
      else this.#documents.set(key, document)
    this.#parked[step.number]?.change(park, unpark)
    return 'committed'
  }

  /** By the keys that are there when it begins: a key deleted and written again meanwhile would come twice otherwise. */
  *scan(): Generator<readonly DocumentWrite<Document>[]> {
    let keys: string[] = []
    let characters = 0
    for (const key of [...this.#documents.keys()]) {
      characters += this.#documents.get(key)?.json.length ?? 0
      keys.push(key)
      if (keys.length < SCAN_PAGE_DOCUMENTS && characters < SCAN_PAGE_CHARACTERS) continue
      yield this.#page(keys)
      keys = []
      characters = 0
    }
    if (keys.length > 0) yield this.#page(keys)
  }

  readParked(lane: number, key?: string): Iterable<readonly ParkedEvent[]> {
    return this.#parked[lane]?.read(key) ?? []
  }

  #page(keys: readonly string[]): readonly DocumentWrite<Document>[] {
    return [...this.load(keys)].map(([key, document]) => ({ key, ...document }))
  }
}

function copyOf({ checkpoint, parked, requests, stall, ...lane }: LaneRecord): LaneRecord {
  return {
    ...lane,
    checkpoint: checkpoint && { ...checkpoint },
    parked: new Map(parked),
    requests: requests.map(({ discard, ...request }) => ({
      ...request,
      discard: discard && { ...discard },
    })),
    stall: stall && { ...stall },
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
