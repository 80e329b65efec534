import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import type { Client } from '@elastic/elasticsearch'
import { ElasticsearchReadModel } from '../../src/adapters/elasticsearch/index.ts'
import { RowRefused } from '../row-refused.ts'
import type { Balance } from '../workload/account.ts'

const PROPERTIES = {
  owner: { type: 'keyword' },
  cents: { type: 'long' },
  payments: { type: 'integer' },
  lastReference: { type: 'keyword' },
} as const

const EVERFOLD = {
  properties: {
    position: { type: 'long' },
    eventId: { type: 'keyword', index: false, doc_values: false },
    lane: { type: 'short' },
    deleted: { type: 'boolean' },
  },
} as const

const require = createRequire(import.meta.url)

let opened: Client | undefined
let warming: Promise<void> | undefined

/** @throws {RowRefused} ELASTICSEARCH_URL is not set. */
export function client(): Client {
  const node = process.env['ELASTICSEARCH_URL']
  if (node === undefined)
    throw new RowRefused(
      'set ELASTICSEARCH_URL to a server, e.g. scripts/servers start elasticsearch && eval "$(scripts/servers env)"',
    )
  // Loaded when it is needed: what it takes in memory costs other rows.
  const elasticsearch = require('@elastic/elasticsearch') as typeof import('@elastic/elasticsearch')
  return (opened ??= new elasticsearch.Client({ node }))
}

export async function closeElasticsearch(): Promise<void> {
  await opened?.close()
}

export const anyName = (): string => `everfold-bench-${randomBytes(6).toString('hex')}`

export function readModel(index: string): ElasticsearchReadModel<Balance> {
  return new ElasticsearchReadModel<Balance>({
    ...{ client: client(), index, mappings: { properties: PROPERTIES } },
  })
}

/** An index as builds have it while they are filled. */
export async function newIndex(): Promise<string> {
  const index = anyName()
  await client().indices.create({
    index,
    mappings: { dynamic: 'strict', properties: { ...PROPERTIES, everfold: EVERFOLD } },
    settings: { refresh_interval: '-1', number_of_replicas: 0 },
  })
  return index
}

/** Removes all indices that begin with a name. */
export async function drop(name: string): Promise<void> {
  const found = await client().indices.get({ index: `${name}*` })
  for (const index of Object.keys(found)) await client().indices.delete({ index })
}

/** A document as the read model writes it, as two lines of a bulk. */
export function linesOf(
  key: string,
  balance: Balance,
  at: { readonly position: bigint; readonly id: string },
): string {
  const { position, id } = at
  const everfold = { position: `${position}`, eventId: id, lane: 0, deleted: false }
  return `{"index":{"_id":"${key}","version":${position},"version_type":"external"}}\n${JSON.stringify({ ...balance, everfold })}\n`
}

export async function bulk(index: string, bulkBody: string): Promise<void> {
  const { transport } = client()
  const { errors } = await transport.request<{ errors: boolean }>(
    { method: 'POST', path: `/${index}/_bulk`, querystring: { filter_path: 'errors' }, bulkBody },
    { meta: false, requestTimeout: 60_000 },
  )
  if (errors) throw new Error(`A bulk into ${index} failed.`)
}

/** All documents of an index by key. */
export async function balancesOf(index: string): Promise<ReadonlyMap<string, Balance>> {
  await client().indices.refresh({ index })
  const balances = new Map<string, Balance>()
  const { id } = await client().openPointInTime({ index, keep_alive: '1m' })
  for (let after: readonly unknown[] | undefined; ;) {
    const { hits } = await client().search<Balance & { everfold: unknown }>({
      pit: { id, keep_alive: '1m' },
      ...{ size: 5000, sort: ['_shard_doc'], track_total_hits: false },
      ...(after && { search_after: after as string[] }),
    })
    for (const { _id = '', _source } of hits.hits)
      if (_source !== undefined) {
        const { owner, cents, payments, lastReference } = _source
        balances.set(_id, { owner, cents, payments, lastReference })
      }
    after = hits.hits.at(-1)?.sort
    if (after === undefined) break
  }
  await client().closePointInTime({ id })
  return balances
}

/** The first tens of thousands of documents run at a third of the speed: the server compiles what it does. */
export function warmUp(): Promise<void> {
  return (warming ??= warm())
}

async function warm(): Promise<void> {
  const index = await newIndex()
  const balance = { owner: 'Ada', cents: 1, payments: 1, lastReference: 'TX-1' }
  for (let round = 1; round <= 20; round++)
    await bulk(
      index,
      Array.from({ length: 5000 }, (_, number) =>
        linesOf(`key-${number}`, balance, { position: BigInt(round), id: 'none' }),
      ).join(''),
    )
  await drop(index)
}
