import { createClient } from 'redis'
import { RedisReadModel, type RedisClient } from '../../../src/adapters/redis/index.ts'
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

type Client = ReturnType<typeof newClient>

/** Read models with the prefixes `<namespace>-balances` and `<namespace>-trails`. */
class OpenRedis implements OpenSink {
  readonly #namespace: string
  readonly #connected: Client
  readonly #client: RedisClient

  private constructor({ namespace, around }: SinkOptions, connected: Client) {
    this.#namespace = namespace
    this.#connected = connected
    this.#client = around === undefined ? connected : countedBy(around, connected)
  }

  static async open(options: SinkOptions): Promise<OpenRedis> {
    const client = newClient(options.url)
    await client.connect()
    return new OpenRedis(options, client)
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
    this.#connected.destroy()
  }
}

/** Reads keys as a reader in another language would. */
class RedisInspector implements SinkInspector {
  readonly #client: Client
  readonly #namespace: string
  readonly #prefix: string
  readonly #audit: RedisLaneAudit

  private constructor(client: Client, { url, namespace }: SinkOptions) {
    this.#client = client
    this.#namespace = namespace
    this.#prefix = balancesOf(namespace)
    this.#audit = new RedisLaneAudit(monitorOf(newClient(url)), this.#prefix)
  }

  static async open(options: SinkOptions): Promise<RedisInspector> {
    const client = newClient(options.url)
    await client.connect()
    return new RedisInspector(client, options)
  }

  watchLanes(): Promise<void> {
    return this.#audit.begin()
  }

  async stolen(): Promise<readonly string[]> {
    return this.#audit.stolen
  }

  async shownBuild(): Promise<number | undefined> {
    const live = await this.#client.hGet(`${this.#prefix}:builds`, 'live')
    return live === null ? undefined : Number(live)
  }

  /** Also what leaderboards and look-ups say: a document that they disagree with is shown as none. */
  async shownDocuments(): Promise<ReadonlyMap<string, ShownDocument>> {
    const found = new Map<string, ShownDocument>()
    const builds = await this.#client.hmGet(`${this.#prefix}:builds`, ['live', 'lanes'])
    for (let lane = 0; lane < Number(builds[1] ?? 0); lane++) {
      const tag = `{${this.#prefix}:b${builds[0]}:${lane}}`
      for (const key of await this.#client.zRange(`${tag}:keys`, 0, -1)) {
        const document = await this.#documentOf(tag, key)
        if (document !== undefined) found.set(key, document)
      }
    }
    return found
  }

  async storedBuilds(): Promise<readonly number[]> {
    const numbers = new Set<number>()
    for (const key of await this.#keys(`{${this.#prefix}:b*`)) {
      const isMark = key.endsWith(':lane') && (await this.#client.hExists(key, 'dropped'))
      if (!isMark) numbers.add(Number(/:b(\d+):/.exec(key)?.[1]))
    }
    return [...numbers]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pattern of [`${this.#namespace}-*`, `{${this.#namespace}-*`]) {
      const keys = await this.#keys(pattern)
      if (keys.length > 0) await this.#client.unlink([...keys])
    }
    this.#client.destroy()
    this.#audit.end()
  }

  async #documentOf(tag: string, key: string): Promise<ShownDocument | undefined> {
    const replies = await this.#client
      .multi()
      .hmGet(`${tag}:d:${key}`, ['document', 'position'])
      .zScore(`${tag}:z:byCents`, key)
      .exec()
    const [[json, position], score] = replies as unknown as [(string | null)[], number | null]
    if (typeof json !== 'string' || typeof position !== 'string') return undefined // deleted meanwhile
    const document = JSON.parse(json) as Balance
    const isFound = await this.#client.sIsMember(`${tag}:s:byOwner:${document.owner}`, key)
    const agrees = score === document.cents && isFound === 1
    return { document: agrees ? document : DISAGREEING, position: BigInt(position) }
  }

  async #keys(pattern: string): Promise<readonly string[]> {
    const found: string[] = []
    for await (const keys of this.#client.scanIterator({ MATCH: pattern, COUNT: 1000 }))
      found.push(...keys)
    return found
  }
}

const DISAGREEING: Balance = { owner: 'not as its indexes say', cents: 0, events: 0 }

const balancesOf = (namespace: string): string => `${namespace}-balances`

function newClient(url: string) {
  const socket = { reconnectStrategy: (retries: number) => Math.min(20 * (retries + 1), 200) }
  const client = createClient({ url, disableOfflineQueue: true, socket })
  return client.on('error', () => undefined) // connections that a test cuts
}

function monitorOf(client: Client): ConstructorParameters<typeof RedisLaneAudit>[0] {
  return {
    get isOpen() {
      return client.isOpen
    },
    connect: () => client.connect(),
    monitor: async (listener) => {
      await client.monitor((line) => {
        listener(line)
      })
    },
    destroy: () => {
      client.destroy()
    },
  }
}

function countedBy(around: Around, client: Client): RedisClient {
  return {
    options: client.options,
    sendCommand: (args, options) => around(() => client.sendCommand(args, options)),
  }
}
