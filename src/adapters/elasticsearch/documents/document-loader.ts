import type { Checkpoint } from '../../../event-store/checkpoint.ts'
import { globalPosition } from '../../../event-store/global-position.ts'
import type { DocumentAt, LaneRecord } from '../../../projections/read-model-storage.ts'
import type { Server } from '../server/server.ts'
import { decodeFound, type FoundSource } from './document-source.ts'
import { documentId } from './document-id.ts'
import { readSources } from './read-sources.ts'

/** So many keys are worth a search. */
const WORTH_SEARCHING = 200

/** Ids of one search. */
const MOST_IDS = 5000

/** So many keys that a lane's owner wrote are remembered. */
const MOST_WRITTEN = 100_000

const MOST_AHEAD = 100

/** Loads the documents of one index. */
export class DocumentLoader {
  readonly #server: Server
  readonly #index: string
  /** By lane: the keys that its owner wrote here since a refresh after its claim. Of the others a search finds what was written last. */
  readonly #written = new Map<number, Set<string>>()

  constructor(server: Server, index: string) {
    this.#server = server
    this.#index = index
  }

  /** @param lane whose owner asks: many keys are then found by a search, six to nine times as fast as one by one. */
  async load<Document>(
    keys: readonly string[],
    lane: number | undefined,
  ): Promise<ReadonlyMap<string, DocumentAt<Document>>> {
    const written = lane === undefined ? undefined : this.#written.get(lane)
    const isCold = written !== undefined && keys.length >= WORTH_SEARCHING
    const searched = isCold ? keys.filter((key) => !written.has(key)) : []
    const read = isCold ? keys.filter((key) => written.has(key)) : keys
    const found = new Map<string, FoundSource>()
    for (let at = 0; at < searched.length; at += MOST_IDS)
      for (const hit of await this.#search(searched.slice(at, at + MOST_IDS).map(documentId)))
        found.set(hit._id, hit)
    const ids = read.filter((key) => key.isWellFormed()).map(documentId)
    for (const [id, source] of await readSources(this.#server, { index: this.#index, ids }))
      found.set(id, source)
    const documents = new Map<string, DocumentAt<Document>>()
    for (const key of keys) {
      const source = key.isWellFormed() ? found.get(documentId(key)) : undefined
      if (source !== undefined) documents.set(key, decodeFound(source))
    }
    return documents
  }

  /** Is told what a lane's owner writes, before it is written. */
  writes(lane: number, keys: Iterable<string>): void {
    const written = this.#written.get(lane)
    if (written === undefined) return
    for (const key of keys) written.add(key)
    if (written.size > MOST_WRITTEN) this.#written.delete(lane)
  }

  /** Forgets what a lane's owner wrote: somebody else has it, perhaps. */
  forget(lane: number): void {
    this.#written.delete(lane)
  }

  /** Where documents of a lane are further than its record, the furthest first. Refreshes: what a lane's next owner loads is found from here on. */
  async ahead(lane: number, { checkpoint }: LaneRecord): Promise<readonly Checkpoint[]> {
    await this.#server.send({
      ...{ method: 'POST', path: `/${this.#index}/_refresh` },
      what: `a refresh of index ${this.#index}`,
    })
    this.#written.set(lane, new Set())
    const hits = await this.#hits({
      query: {
        bool: {
          filter: [
            { term: { 'everfold.lane': lane } },
            { range: { 'everfold.position': { gt: `${checkpoint?.position ?? -1}` } } },
          ],
        },
      },
      ...{ sort: [{ 'everfold.position': 'desc' }], size: MOST_AHEAD, _source: ['everfold'] },
    })
    const places = new Map<string, Checkpoint>()
    for (const { _source } of hits) {
      const { position, eventId } = _source.everfold
      if (eventId !== '') places.set(position, { position: globalPosition(position), eventId })
    }
    return [...places.values()]
  }

  #search(ids: readonly string[]): Promise<readonly FoundSource[]> {
    return this.#hits({ query: { ids: { values: ids } }, size: ids.length, sort: ['_doc'] })
  }

  async #hits(body: Readonly<Record<string, unknown>>): Promise<readonly FoundSource[]> {
    const { body: found } = await this.#server.send({
      ...{ method: 'POST', path: `/${this.#index}/_search`, what: `a search in ${this.#index}` },
      query: {
        filter_path: 'hits.hits._id,hits.hits._source',
        allow_partial_search_results: false,
      },
      body: { ...body, track_total_hits: false },
    })
    return (found as Partial<Hits>).hits?.hits ?? []
  }
}

interface Hits {
  readonly hits: { readonly hits: readonly FoundSource[] }
}
