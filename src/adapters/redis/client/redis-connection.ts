import type { RedisClient, RedisClusterClient } from './redis-client.ts'
import { isReply, redisFailure } from './redis-failure.ts'
import type { Script } from './script.ts'

/** How long a reply may take, in milliseconds, where nothing shorter is given. */
const TIMEOUT_MS = 5000

export interface RedisCall {
  /** By it the master is found; on a single server it does not matter. */
  readonly key: string
  readonly timeoutMs?: number | undefined
}

/** A server or a cluster, by the client that the user has. Everything goes to masters. */
export class RedisConnection {
  readonly client: RedisClient | RedisClusterClient

  /** @throws {TypeError} the client keeps commands while it is offline. */
  constructor(client: RedisClient | RedisClusterClient) {
    this.client = client
    if (!isCluster(client)) refuseOfflineQueue(client)
  }

  get isCluster(): boolean {
    return isCluster(this.client)
  }

  /** Runs a command. @throws {RedisUnavailableError | RedisRefusedError | RedisClosedError} */
  async run(args: readonly string[], call: RedisCall): Promise<unknown> {
    return this.#translated(this.#send(args, call))
  }

  /** Runs a script, which the server keeps by its digest; where it has forgotten it, the text is sent. */
  async runScript(
    script: Script,
    keys: readonly string[],
    args: readonly string[],
    timeoutMs?: number,
  ): Promise<unknown> {
    const call = { key: keys[0] ?? '', timeoutMs }
    const rest = [String(keys.length), ...keys, ...args]
    try {
      return await this.#send(['EVALSHA', script.digest, ...rest], call)
    } catch (error) {
      if (!isReply(error, 'NOSCRIPT')) throw redisFailure(error)
    }
    return this.#translated(this.#send(['EVAL', script.text, ...rest], call))
  }

  /** Asks every master, each by itself. */
  async runOnMasters(args: readonly string[]): Promise<readonly unknown[]> {
    const clients = await this.#translated(this.#masters())
    return Promise.all(
      clients.map((each) => this.#translated(inTime(each.sendCommand(args, OPTIONS)))),
    )
  }

  /** @throws {TypeError} clients of the cluster's nodes keep commands while they are offline. */
  async checkNodes(): Promise<void> {
    if (!isCluster(this.client)) return
    for (const node of await this.#translated(this.#masters())) refuseOfflineQueue(node)
  }

  async #masters(): Promise<readonly RedisClient[]> {
    const { client } = this
    if (!isCluster(client)) return [client]
    return Promise.all(client.masters.map(async (master) => client.nodeClient(master as never)))
  }

  async #send(
    args: readonly string[],
    { key, timeoutMs = TIMEOUT_MS }: RedisCall,
  ): Promise<unknown> {
    const options = { ...OPTIONS, timeout: timeoutMs }
    const sent = isCluster(this.client)
      ? this.client.sendCommand(key, false, args as string[], options)
      : this.client.sendCommand(args, options)
    return inTime(sent, timeoutMs)
  }

  async #translated<Result>(asked: Promise<Result>): Promise<Result> {
    try {
      return await asked
    } catch (error) {
      throw redisFailure(error)
    }
  }
}

const OPTIONS = { timeout: TIMEOUT_MS, typeMapping: {} }

/** The client's own timeout ends when a command is sent: a server that went silent would be waited for without end. */
async function inTime(sent: Promise<unknown>, timeoutMs: number = TIMEOUT_MS): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no reply within ${timeoutMs} ms`))
    }, timeoutMs)
  })
  sent.catch(() => undefined) // when it is late, too
  try {
    return await Promise.race([sent, late])
  } finally {
    clearTimeout(timer)
  }
}

function isCluster(client: RedisClient | RedisClusterClient): client is RedisClusterClient {
  return 'nodeClient' in client
}

function refuseOfflineQueue({ options }: RedisClient): void {
  if (options?.disableOfflineQueue === true) return
  throw new TypeError(
    'The Redis client keeps commands while it is offline, and sends them later, when nobody expects it any more. Make it by createClient({ url, disableOfflineQueue: true }); a cluster by createCluster({ rootNodes, defaults: { disableOfflineQueue: true } }).',
  )
}
