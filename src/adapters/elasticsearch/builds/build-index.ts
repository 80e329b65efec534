import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Build } from '../../../projections/builds/build.ts'
import type { BuildRecord, IndexIdentity } from '../records/build-records.ts'
import { ElasticsearchUnavailableError } from '../server/elasticsearch-unavailable-error.ts'
import type { Server } from '../server/server.ts'
import { failureOf } from '../server/server-answer.ts'
import { ElasticsearchRefusedError } from '../server/elasticsearch-refused-error.ts'
import { IndexReplacedError } from './index-replaced-error.ts'
import { buildingSettings, finishedSettings, type IndexSettings } from './index-settings.ts'

/** Fields of a document, as `mappings.properties` has them. */
export interface IndexMappings {
  readonly properties: Readonly<Record<string, unknown>>
  readonly [name: string]: unknown
}

export interface IndexDeclaration {
  readonly mappings: IndexMappings
  readonly settings: IndexSettings
}

/** What each document carries beside its own fields. */
const EVERFOLD_FIELDS = {
  type: 'object',
  properties: {
    position: { type: 'long' },
    eventId: { type: 'keyword', index: false, doc_values: false },
    lane: { type: 'short' },
    deleted: { type: 'boolean' },
    key: { type: 'keyword', index: false, doc_values: false },
  },
}

/** How long shards of a new index are waited for. */
const TRIES = 100
const PAUSE_MS = 100

/** How long a build that is filled may take to get its copies. */
const HEALTH_TIMEOUT_S = 20

export const digestOfMappings = (mappings: IndexMappings): string =>
  createHash('sha256').update(JSON.stringify(mappings)).digest('hex').slice(0, 32)

/** Makes, settles and looks at the index of a build. */
export class BuildIndex {
  readonly #server: Server
  readonly #declared: IndexDeclaration

  constructor(server: Server, declared: IndexDeclaration) {
    this.#server = server
    this.#declared = declared
  }

  /** Makes the index if it is missing. */
  async make(build: Build, { index, alias, lineage }: BuildRecord): Promise<void> {
    const { mappings, settings } = this.#declared
    const what = `the making of index ${index}`
    const _meta = { ...(mappings['_meta'] as object), everfold: { lineage, ...build } }
    const properties = { ...mappings.properties, everfold: EVERFOLD_FIELDS }
    const { status, body } = await this.#server.send({
      ...{ method: 'PUT', path: `/${index}`, what, expected: [400] },
      body: {
        mappings: { ...mappings, dynamic: 'strict', _meta, properties },
        settings: buildingSettings(settings),
        aliases: { [alias]: { is_write_index: true } },
      },
    })
    const failure = failureOf(body)
    if (failure === undefined || failure.type === 'resource_already_exists_exception') return
    throw new ElasticsearchRefusedError(what, { status, ...failure })
  }

  /** The same of an index that somebody makes just now, perhaps: its shards come a little later. */
  async identifyNew(index: string): Promise<IndexIdentity> {
    for (let tries = 1; ; tries++)
      try {
        return await this.identify(index)
      } catch (error) {
        if (!(error instanceof ElasticsearchUnavailableError) || tries === TRIES) throw error
        await sleep(PAUSE_MS)
      }
  }

  /** @throws {IndexReplacedError} it does not exist. */
  async identify(index: string): Promise<IndexIdentity> {
    const { status, body } = await this.#server.send({
      ...{ method: 'GET', path: `/${index}/_stats`, expected: [404] },
      ...{ query: { level: 'shards', filter_path: STATS_PATHS }, what: `a look at index ${index}` },
    })
    if (status === 404) throw new IndexReplacedError(index, 'was deleted')
    const { indices = {} } = body as { readonly indices?: Readonly<Record<string, IndexStats>> }
    const { uuid, shards = {} } = indices[index] ?? {}
    const histories = Object.keys(shards)
      .toSorted((one, other) => Number(one) - Number(other))
      .map((shard) => primaryOf(shards[shard])?.commit?.user_data?.history_uuid)
    if (uuid === undefined || histories.length === 0 || histories.includes(undefined))
      throw new ElasticsearchUnavailableError(`a look at index ${index}: shards are not there yet`)
    return { uuid, histories: histories as string[] }
  }

  /** @throws {IndexReplacedError} the index is not the one that was made. */
  async check({
    index,
    lineage,
    identity,
  }: BuildRecord & { identity: IndexIdentity }): Promise<void> {
    const found = await this.identify(index)
    if (found.uuid !== identity.uuid || (await this.#lineageOf(index)) !== lineage)
      throw new IndexReplacedError(index, 'was made again')
    const isShort = found.histories.length < identity.histories.length
    if (isShort)
      throw new ElasticsearchUnavailableError(`a look at index ${index}: shards are missing`)
    if (found.histories.some((history, shard) => history !== identity.histories[shard]))
      throw new IndexReplacedError(index, 'was restored, or lost writes')
  }

  /** Gives readers what they need: refreshes, and copies. */
  async finish(index: string): Promise<void> {
    const wanted = finishedSettings(this.#declared.settings)
    if (!(await this.#has(index, wanted)))
      await this.#server.send({
        ...{ method: 'PUT', path: `/${index}/_settings`, what: `settings of index ${index}` },
        body: { index: wanted },
      })
    await this.refresh(index)
    const { status } = await this.#server.send({
      ...{ method: 'GET', path: `/_cluster/health/${index}`, expected: [408] },
      query: { wait_for_status: 'green', timeout: `${HEALTH_TIMEOUT_S}s` },
      what: `a look at the health of index ${index}`,
    })
    if (status === 408)
      throw new ElasticsearchUnavailableError(
        `the copies of index ${index} within ${HEALTH_TIMEOUT_S} seconds. Where there are too few nodes for them, declare fewer: settings: { number_of_replicas: 0 }`,
      )
  }

  async refresh(index: string): Promise<void> {
    await this.#server.send({
      ...{ method: 'POST', path: `/${index}/_refresh`, what: `a refresh of index ${index}` },
    })
  }

  async remove(index: string): Promise<void> {
    await this.#server.send({
      ...{ method: 'DELETE', path: `/${index}`, expected: [404] },
      what: `the removal of index ${index}`,
    })
  }

  async #has(index: string, wanted: IndexSettings): Promise<boolean> {
    const { body } = await this.#server.send({
      ...{ method: 'GET', path: `/${index}/_settings`, what: `a look at index ${index}` },
      query: { filter_path: '*.settings.index' },
    })
    const { settings } = (body as Readonly<Record<string, IndexState>>)[index] ?? {}
    return Object.entries(wanted).every(([name, value]) => settings?.index[name] === String(value))
  }

  async #lineageOf(index: string): Promise<string | undefined> {
    const { body } = await this.#server.send({
      ...{ method: 'GET', path: `/${index}/_mapping`, what: `a look at index ${index}` },
      query: { filter_path: '*.mappings._meta' },
    })
    return (body as Readonly<Record<string, IndexState>>)[index]?.mappings._meta?.everfold?.lineage
  }
}

const STATS_PATHS =
  'indices.*.uuid,indices.*.shards.*.routing.primary,indices.*.shards.*.commit.user_data.history_uuid'

interface IndexStats {
  readonly uuid: string
  readonly shards?: Readonly<Record<string, readonly ShardStats[]>>
}

interface ShardStats {
  readonly routing: { readonly primary: boolean }
  readonly commit?: { readonly user_data?: { readonly history_uuid?: string } }
}

interface IndexState {
  readonly settings: { readonly index: Readonly<Record<string, unknown>> }
  readonly mappings: { readonly _meta?: { readonly everfold?: { readonly lineage?: string } } }
}

const primaryOf = (copies: readonly ShardStats[] = []): ShardStats | undefined =>
  copies.find(({ routing }) => routing.primary)
