import {
  RedisReadModel,
  type RedisClient,
  type RedisClusterClient,
  type RedisCommandOptions,
} from '../../../src/adapters/redis/index.ts'
import type { ReadModel } from '../../../src/index.ts'
import type { Balance } from '../../domain/account.ts'
import type { Trail } from '../projection-trails.ts'
import type {
  Around,
  FaultSink,
  OpenSink,
  ShownDocument,
  SinkInspector,
  SinkOptions,
} from './fault-sink.ts'
import { RedisLaneAudit } from './redis-lane-audit.ts'
import { newClient, RedisNodes } from './redis-nodes.ts'

export const redisSink: FaultSink = {
  name: 'redis',
  title: 'Redis',
  variable: 'REDIS_URL',
  holdsLog: false,
  unavailable: 'REDIS_UNAVAILABLE',
  isDivided: false,
  inLaneWrite: 'account-',
  open: (options) => OpenRedis.open(options),
  inspect: (options) => RedisInspector.open(options),
}

/** Read models with the prefixes `<namespace>-balances` and `<namespace>-trails`, on a server, or the cluster that it belongs to. */
class OpenRedis implements OpenSink {
  readonly #namespace: string
  readonly #nodes: RedisNodes
  readonly #client: RedisClient | RedisClusterClient

  private constructor({ namespace, around }: SinkOptions, nodes: RedisNodes) {
    this.#namespace = namespace
    this.#nodes = nodes
    this.#client = around === undefined ? nodes.client : countedBy(around, nodes.client)
  }

  static async open(options: SinkOptions): Promise<OpenRedis> {
    return new OpenRedis(options, await RedisNodes.connect(options.url))
  }

  balances(): ReadModel<Balance> {
    return new RedisReadModel<Balance, 'byCents', 'byOwner'>({
      ...{ client: this.#client, prefix: balancesOf(this.#namespace), dropGraceMs: 50 },
      sortedSets: { byCents: ({ cents }) => cents },
      sets: { byOwner: ({ owner }) => [owner] },
    })
  }

  trails(): ReadModel<Trail> {
    const prefix = `${this.#namespace}-trails`
    return new RedisReadModel<Trail>({ client: this.#client, prefix, dropGraceMs: 50 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#nodes.destroy()
  }
}

/** Reads keys as a reader in another language would. */
class RedisInspector implements SinkInspector {
  readonly #nodes: RedisNodes
  readonly #namespace: string
  readonly #prefix: string
  readonly #audits: readonly RedisLaneAudit[]

  private constructor(nodes: RedisNodes, { namespace }: SinkOptions) {
    this.#nodes = nodes
    this.#namespace = namespace
    this.#prefix = balancesOf(namespace)
    this.#audits = nodes.urls.map((url) => new RedisLaneAudit(newClient(url), this.#prefix))
  }

  static async open(options: SinkOptions): Promise<RedisInspector> {
    return new RedisInspector(await RedisNodes.connect(options.url), options)
  }

  async watchLanes(): Promise<void> {
    for (const audit of this.#audits) await audit.begin()
  }

  async stolen(): Promise<readonly string[]> {
    return this.#audits.flatMap(({ stolen }) => stolen)
  }

  async shownBuild(): Promise<number | undefined> {
    const [live] = await this.#buildsFields('live')
    return live === null ? undefined : Number(live)
  }

  /** Also what leaderboards and look-ups say: a document that they disagree with is shown as none. */
  async shownDocuments(): Promise<ReadonlyMap<string, ShownDocument>> {
    const found = new Map<string, ShownDocument>()
    const [live, lanes] = await this.#buildsFields('live', 'lanes')
    for (let lane = 0; lane < Number(lanes ?? 0); lane++) {
      const tag = `{${this.#prefix}:b${live}:${lane}}`
      const keys = `${tag}:keys`
      for (const key of (await this.#nodes.ask(keys, ['ZRANGE', keys, '0', '-1'])) as string[]) {
        const document = await this.#documentOf(tag, key)
        if (document !== undefined) found.set(key, document)
      }
    }
    return found
  }

  async storedBuilds(): Promise<readonly number[]> {
    const numbers = new Set<number>()
    for (const key of await this.#nodes.keys(`{${this.#prefix}:b*`)) {
      const isMark =
        key.endsWith(':lane') && (await this.#nodes.ask(key, ['HEXISTS', key, 'dropped'])) === 1
      if (!isMark) numbers.add(Number(/:b(\d+):/.exec(key)?.[1]))
    }
    return [...numbers]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pattern of [`${this.#namespace}-*`, `{${this.#namespace}-*`])
      for (const key of await this.#nodes.keys(pattern)) await this.#nodes.ask(key, ['UNLINK', key])
    this.#nodes.destroy()
    for (const audit of this.#audits) audit.end()
  }

  async #buildsFields(...fields: readonly string[]): Promise<readonly (string | null)[]> {
    const key = `${this.#prefix}:builds`
    return (await this.#nodes.ask(key, ['HMGET', key, ...fields])) as (string | null)[]
  }

  /** Document and indices at one moment. */
  async #documentOf(tag: string, key: string): Promise<ShownDocument | undefined> {
    const keys = [`${tag}:d:${key}`, `${tag}:z:byCents`]
    const reply = await this.#nodes.ask(`${tag}:d:${key}`, ['EVAL', READ, '2', ...keys, key])
    const [[json, position], score] = reply as [(string | null)[], string | null]
    if (typeof json !== 'string' || typeof position !== 'string') return undefined // deleted meanwhile
    const document = JSON.parse(json) as Balance
    const owned = `${tag}:s:byOwner:${document.owner}`
    const isFound = (await this.#nodes.ask(owned, ['SISMEMBER', owned, key])) === 1
    const agrees = score === String(document.cents) && isFound
    return { document: agrees ? document : DISAGREEING, position: BigInt(position) }
  }
}

const READ =
  "return { redis.call('HMGET', KEYS[1], 'document', 'position'), redis.call('ZSCORE', KEYS[2], ARGV[1]) }"

const DISAGREEING: Balance = { owner: 'not as its indexes say', cents: 0, events: 0 }

const balancesOf = (namespace: string): string => `${namespace}-balances`

function countedBy(
  around: Around,
  client: RedisClient | RedisClusterClient,
): RedisClient | RedisClusterClient {
  if (!('nodeClient' in client))
    return {
      options: client.options,
      sendCommand: (args: readonly string[], options?: RedisCommandOptions) =>
        around(() => client.sendCommand(args, options)),
    }
  return {
    masters: client.masters,
    nodeClient: async (master) => countedBy(around, await client.nodeClient(master)) as RedisClient,
    sendCommand: (key, isReadonly, args, options) =>
      around(() => client.sendCommand(key, isReadonly, args, options)),
  }
}
