import { setTimeout as sleep } from 'node:timers/promises'
import { itemAnswers } from '../server/bulk-answer.ts'
import type { Server } from '../server/server.ts'
import { translateAnswer } from '../server/server-failure.ts'
import { failureOf } from '../server/server-answer.ts'
import type { IndexNames } from '../builds/index-names.ts'

/** What a write of a record compares: where in the history of its shard the record was written. */
export interface RecordToken {
  readonly seqNo: number
  readonly primaryTerm: number
}

export interface StoredRecord extends RecordToken {
  readonly source: RecordSource
}

/** Searched by all but `record`, which holds the rest as it is. */
export interface RecordSource {
  readonly kind: 'builds' | 'build' | 'lane' | 'members' | 'parked'
  readonly build?: number | undefined
  readonly lane?: number | undefined
  readonly digest?: string | undefined
  readonly position?: string | undefined
  readonly record: unknown
}

const MAPPINGS = {
  dynamic: 'strict',
  properties: {
    kind: { type: 'keyword' },
    build: { type: 'long' },
    lane: { type: 'integer' },
    digest: { type: 'keyword' },
    position: { type: 'long' },
    record: { type: 'object', enabled: false },
  },
}

/** One shard: what a search finds was there at one moment. */
const SETTINGS = { number_of_shards: 1, auto_expand_replicas: '0-1', refresh_interval: '1s' }

/** The index of a read model's records. What is read by id is what was written last. */
export class RecordIndex {
  readonly server: Server
  readonly names: IndexNames
  #ready: Promise<void> | undefined

  constructor(server: Server, names: IndexNames) {
    this.server = server
    this.names = names
  }

  /** Makes the index if it is missing. */
  async ready(): Promise<void> {
    this.#ready ??= this.#make().catch((error: unknown) => {
      this.#ready = undefined
      throw error
    })
    await this.#ready
  }

  /** Records by id, read one after the other; missing ones are left out. */
  async read(ids: readonly string[]): Promise<ReadonlyMap<string, StoredRecord>> {
    for (let tries = 1; ; tries++)
      try {
        return await this.#readOnce(ids)
      } catch (error) {
        if (!(error instanceof ShardMissing)) throw error
        if (tries === TRIES) throw error.failure
        await sleep(PAUSE_MS) // somebody makes the index just now, perhaps
      }
  }

  async #readOnce(ids: readonly string[]): Promise<ReadonlyMap<string, StoredRecord>> {
    const { status, body } = await this.server.send({
      ...{ method: 'POST', path: `/${this.names.records}/_mget`, body: { ids } },
      ...{ what: `a read in ${this.names.records}`, expected: [404] },
    })
    const found = new Map<string, StoredRecord>()
    if (status === 404) return found
    for (const each of (body as { readonly docs: readonly Found[] }).docs) {
      const failure = failureOf(each)
      // A shard that is not there yet, e.g. after a restart, does not tell that a record is missing.
      if (failure !== undefined && failure.type !== NO_INDEX)
        throw new ShardMissing(translateAnswer(`a read in ${this.names.records}`, 503, failure))
      if (each.found === true)
        found.set(each._id, {
          source: each._source,
          seqNo: each._seq_no,
          primaryTerm: each._primary_term,
        })
    }
    return found
  }

  async readOne(id: string): Promise<StoredRecord | undefined> {
    return (await this.read([id])).get(id)
  }

  /** False: there is one already. */
  async create(id: string, source: RecordSource): Promise<boolean> {
    await this.ready()
    return (await this.#put(id, source, { op_type: 'create' })) !== undefined
  }

  /** Replaces a record that was not written since. Undefined: it was, or is gone; nothing was written. */
  async replace(
    id: string,
    { seqNo, primaryTerm }: RecordToken,
    source: RecordSource,
    timeoutMs?: number,
  ): Promise<RecordToken | undefined> {
    const compared = { if_seq_no: seqNo, if_primary_term: primaryTerm }
    return this.#put(id, source, compared, timeoutMs)
  }

  /** Writes records whatever stands there, and removes others. */
  async write(
    puts: readonly (readonly [id: string, source: RecordSource])[],
    removals: readonly string[] = [],
  ): Promise<void> {
    const items = [
      ...puts.map(([id, source]) => [{ index: { _id: id } }, source]),
      ...removals.map((id) => [{ delete: { _id: id } }]),
    ]
    for (let at = 0; at < items.length; at += BULK_ITEMS)
      await this.#bulk(items.slice(at, at + BULK_ITEMS).flat())
  }

  async refresh(): Promise<void> {
    await this.server.send({
      ...{ method: 'POST', path: `/${this.names.records}/_refresh` },
      ...{ what: `a refresh of ${this.names.records}`, expected: [404] },
    })
  }

  /** Records that a search finds: what was written since the last refresh may be missing. */
  async search(
    body: Readonly<Record<string, unknown>>,
  ): Promise<readonly (StoredRecord & { readonly id: string })[]> {
    const { body: found } = await this.server.send({
      ...{ method: 'POST', path: `/${this.names.records}/_search`, body },
      ...{
        query: { ignore_unavailable: true, allow_partial_search_results: false },
        what: `a search in ${this.names.records}`,
      },
    })
    const { hits } = (found as { readonly hits: { readonly hits: readonly Hit[] } }).hits
    return hits.map((hit) => ({
      ...{ id: hit._id, source: hit._source },
      ...{ seqNo: hit._seq_no, primaryTerm: hit._primary_term },
    }))
  }

  async #make(): Promise<void> {
    const { records, recordsWrite } = this.names
    const { body } = await this.server.send({
      ...{ method: 'PUT', path: `/${records}`, what: `the making of ${records}`, expected: [400] },
      body: { mappings: MAPPINGS, settings: SETTINGS, aliases: { [recordsWrite]: {} } },
    })
    const failure = failureOf(body)
    if (failure !== undefined && failure.type !== 'resource_already_exists_exception')
      throw new TypeError(`index '${this.names.alias}' cannot be used: ${failure.reason}.`)
  }

  async #put(
    id: string,
    source: RecordSource,
    query: Readonly<Record<string, string | number>>,
    timeoutMs?: number,
  ): Promise<RecordToken | undefined> {
    const { recordsWrite } = this.names
    const { status, body } = await this.server.send({
      ...{ method: 'PUT', path: `/${recordsWrite}/_doc/${encodeURIComponent(id)}` },
      ...{ query: { ...query, require_alias: true }, body: { ...source }, timeoutMs },
      ...{ what: `a write in ${recordsWrite}`, expected: [404, 409] },
    })
    if (status === 409 || status === 404) return undefined
    const { _seq_no, _primary_term } = body as Written
    return { seqNo: _seq_no, primaryTerm: _primary_term }
  }

  async #bulk(lines: readonly object[]): Promise<void> {
    const { recordsWrite } = this.names
    const { body } = await this.server.send({
      ...{ method: 'POST', path: `/${recordsWrite}/_bulk`, what: `a bulk into ${recordsWrite}` },
      query: { require_alias: true, filter_path: 'errors,items.*.status,items.*.error' },
      lines: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    })
    const failed = itemAnswers(body)?.find(({ status }) => status >= 300 && status !== 404)
    if (failed !== undefined)
      throw translateAnswer(`a bulk into ${recordsWrite}`, failed.status, failed.error)
  }
}

const TRIES = 20
const PAUSE_MS = 100

class ShardMissing extends Error {
  readonly failure: Error

  constructor(failure: Error) {
    super(failure.message)
    this.failure = failure
  }
}

const NO_INDEX = 'index_not_found_exception'

const BULK_ITEMS = 1000

interface Written {
  readonly _seq_no: number
  readonly _primary_term: number
}

/** The place is told where it is asked for. */
interface Hit extends Written {
  readonly _id: string
  readonly _source: RecordSource
}

interface Found extends Hit {
  readonly found?: boolean
}
