/**
 * Read model in Elasticsearch 8 and 9: the alias `<index>` shows the live build, one index per build, and `<index>-lanes` keeps the records.
 *
 * Documents are written whole, each with the position of its last event as external version; the lane's checkpoint follows by compare-and-set. So after any crash
 * the replay skips what each document contains already. Cannot do: documents and checkpoint in one atomic step.
 */
import type { GlobalPosition } from '../../event-store/global-position.ts'
import { createReadModel, readBuildOf } from '../../projections/create-read-model.ts'
import type { ReadModel, WaitOptions } from '../../projections/read-model.ts'
import type { IndexMappings } from './builds/build-index.ts'
import type { IndexSettings } from './builds/index-settings.ts'
import { ElasticsearchReadModelStorage } from './elasticsearch-read-model-storage.ts'
import type { ElasticsearchClient } from './server/elasticsearch-client.ts'

const HOUR_MS = 60 * 60 * 1000

export interface ElasticsearchReadModelOptions {
  /** `new Client({ node })` of `@elastic/elasticsearch` 8.15 or later, or 9. Whoever made it closes it. */
  readonly client: ElasticsearchClient
  /** Name of the alias that readers search: small letters, digits, `-` and `_`. Indices of builds are named after it: `<index>-b1-...` */
  readonly index: string
  /**
   * The fields of the documents, e.g. `{ properties: { owner: { type: 'keyword' } } }`. They are strict: a member that is not declared is refused. Changed ones
   * need a new `version` of the projection.
   */
  readonly mappings: IndexMappings
  /** Settings of the indices, by their names without `index.`. Default: one shard, a copy where there are two nodes, refreshed every second once a build is filled. */
  readonly settings?: IndexSettings | undefined
  /** After how many milliseconds a deleted document, which searches do not see, is removed for good. Default an hour; less than 5 minutes is for tests. */
  readonly tombstoneRetentionMs?: number | undefined
}

export interface ElasticsearchWaitOptions extends WaitOptions {
  /** What is to see the events: `'get'`, the default, or `'search'`: a search by the alias, too. It costs a refresh. */
  readonly visibility?: 'get' | 'search' | undefined
}

/**
 * Documents of a projection in an index, read by `get` or by any search.
 *
 * ```ts
 * const accounts = new ElasticsearchReadModel<AccountHit>({
 *   client: new Client({ node: 'http://localhost:9200' }),
 *   index: 'accounts',
 *   mappings: { properties: { owner: { type: 'keyword' }, cents: { type: 'long' } } },
 * })
 * // client.search({ index: 'accounts', query: { term: { owner: 'ada' } } })
 * ```
 *
 * A document has the member `everfold` beside its own: `position` and `eventId` of the last event that it contains, `lane`, `deleted`. Its `_id` is its key, where
 * that can be an id.
 *
 * Its methods, and the runner that fills it, meet:
 *
 * - `ElasticsearchUnavailableError`: it does not answer, or has no room just now; the runner tries again;
 * - `ElasticsearchForbiddenError`, `ElasticsearchVersionError`, `IndexBlockedError`, `ElasticsearchRefusedError`: what its text says;
 * - `IndexReplacedError`: an index was deleted, made again or restored by somebody else;
 * - `IndexTakenError`: something else has the name;
 * - `BuildMappingsError`: the mappings were changed without a new version;
 * - `FieldRefusedError`, `DocumentUnfitError`: one document cannot be held; the projection's `onFailure` says what becomes of it.
 */
export class ElasticsearchReadModel<Document extends object> implements ReadModel<Document> {
  readonly storage: ElasticsearchReadModelStorage<Document>
  readonly #model: ReadModel<Document>

  /** @throws {TypeError} the name is none that Elasticsearch takes, or a field is named `everfold`. */
  constructor(options: ElasticsearchReadModelOptions) {
    const { client, index, mappings, settings = {}, tombstoneRetentionMs = HOUR_MS } = options
    if (Object.hasOwn(mappings.properties, 'everfold'))
      throw new TypeError(`mappings declare a field 'everfold', which Everfold adds. Rename it.`)
    const declared = { client, index, mappings, settings, tombstoneRetentionMs }
    this.storage = new ElasticsearchReadModelStorage(declared)
    this.#model = createReadModel(this.storage, () => this.storage.builds.recent())
  }

  /** As it was written last, whether or not a search sees it. */
  get(key: string): Promise<Document | undefined> {
    return this.#model.get(key)
  }

  /** As they were written last, whether or not a search sees them. */
  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Document>> {
    return this.#model.getMany(keys)
  }

  async waitFor(
    position: GlobalPosition | undefined,
    { visibility = 'get', ...options }: ElasticsearchWaitOptions = {},
  ): Promise<void> {
    await this.#model.waitFor(position, options)
    if (visibility === 'get' || position === undefined) return
    const builds = await this.storage.readBuilds()
    if (builds === undefined) return
    await this.storage.refresh(readBuildOf(this.storage, builds))
    await this.storage.publish(builds.live)
  }
}
