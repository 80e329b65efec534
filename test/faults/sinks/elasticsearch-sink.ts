import { Client } from '@elastic/elasticsearch'
import {
  ElasticsearchReadModel,
  type ElasticsearchClient,
} from '../../../src/adapters/elasticsearch/index.ts'
import type { ReadModel } from '../../../src/index.ts'
import type { Balance } from '../../domain/account.ts'
import type { Trail } from '../projection-trails.ts'
import { ElasticsearchLaneAudit } from './elasticsearch-lane-audit.ts'
import type {
  Around,
  FaultSink,
  OpenSink,
  RequestKind,
  ShownDocument,
  SinkInspector,
  SinkOptions,
} from './fault-sink.ts'

export const elasticsearchSink: FaultSink = {
  name: 'elasticsearch',
  title: 'Elasticsearch',
  variable: 'ELASTICSEARCH_URL',
  holdsLog: false,
  unavailable: 'ELASTICSEARCH_UNAVAILABLE',
  isDivided: true,
  inLaneWrite: '/_doc/lane-',
  open: (options) => new OpenElasticsearch(options),
  inspect: (options) => new ElasticsearchInspector(options),
}

const kindOf = ({ path }: { readonly path: string }): RequestKind =>
  path.endsWith('/_bulk') && !path.includes('-lanes') ? 'documents' : 'other'

const balancesOf = (namespace: string): string => `${namespace}-balances`

/** Indices `<namespace>-balances` and `<namespace>-trails`. */
class OpenElasticsearch implements OpenSink {
  readonly #namespace: string
  readonly #client: Client
  readonly #around: Around | undefined

  constructor({ url, namespace, around }: SinkOptions) {
    this.#namespace = namespace
    this.#client = new Client({ node: url })
    this.#around = around
  }

  balances(): ReadModel<Balance> {
    return new ElasticsearchReadModel<Balance>({
      ...{ client: this.#counted(), index: balancesOf(this.#namespace) },
      mappings: {
        properties: {
          owner: { type: 'keyword' },
          cents: { type: 'integer' },
          events: { type: 'integer' },
        },
      },
    })
  }

  trails(): ReadModel<Trail> {
    return new ElasticsearchReadModel<Trail>({
      ...{ client: this.#counted(), index: `${this.#namespace}-trails` },
      mappings: { properties: { events: { type: 'integer' }, digest: { type: 'long' } } },
    })
  }

  #counted(): ElasticsearchClient {
    const { transport } = this.#client
    const around: Around = this.#around ?? ((send) => send())
    const request: ElasticsearchClient['transport']['request'] = (params, options) =>
      around(() => transport.request(params, options), kindOf(params))
    return { transport: { request } }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close()
  }
}

class ElasticsearchInspector implements SinkInspector {
  readonly #index: string
  readonly #namespace: string
  readonly #client: Client
  readonly #audit: ElasticsearchLaneAudit

  constructor({ url, namespace }: SinkOptions) {
    this.#index = balancesOf(namespace)
    this.#namespace = namespace
    this.#client = new Client({ node: url })
    this.#audit = new ElasticsearchLaneAudit(this.#client, `${this.#index}-lanes`)
  }

  async watchLanes(): Promise<void> {
    this.#audit.begin()
  }

  async stolen(): Promise<readonly string[]> {
    return this.#audit.stolen()
  }

  async shownBuild(): Promise<number | undefined> {
    const { body } = await this.#client.indices.getAlias(
      { name: this.#index },
      { meta: true, ignore: [404] },
    )
    return Object.keys(body).flatMap((index) => this.#buildOf(index) ?? [])[0]
  }

  /** To refresh takes long, and searches that do not wait for it go on in time as well: only who looks for the last documents does. */
  async settle(): Promise<void> {
    await this.#client.indices.refresh({ index: this.#index, ignore_unavailable: true })
  }

  async shownDocuments(): Promise<ReadonlyMap<string, ShownDocument>> {
    const { hits } = await this.#client.search<Balance & { everfold: { position: string } }>({
      ...{ index: this.#index, size: 1000, ignore_unavailable: true },
      allow_partial_search_results: false,
    })
    return new Map(
      hits.hits.map(({ _id = '', _source }) => {
        if (_source === undefined) throw new Error(`${_id} has no source.`)
        const { everfold, ...document } = _source
        return [_id, { document, position: BigInt(everfold.position) }]
      }),
    )
  }

  async storedBuilds(): Promise<readonly number[]> {
    const found = await this.#client.indices.get({ index: `${this.#index}-b*` })
    return Object.keys(found).flatMap((index) => this.#buildOf(index) ?? [])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#audit.end()
    const found = await this.#client.indices.get({ index: `${this.#namespace}-*` })
    for (const index of Object.keys(found)) await this.#client.indices.delete({ index })
    await this.#client.close()
  }

  #buildOf(index: string): number | undefined {
    const number = /^-b(\d+)-/.exec(index.slice(this.#index.length))?.[1]
    return number === undefined ? undefined : Number(number)
  }
}
