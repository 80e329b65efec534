import { createClient, createCluster } from 'redis'
import type { RedisClient, RedisClusterClient } from '../../../src/adapters/redis/index.ts'

type Client = ReturnType<typeof newClient>

/** A server, or the masters of the cluster that it belongs to. */
export class RedisNodes {
  /** As a read model takes it. */
  readonly client: RedisClient | RedisClusterClient
  /** URL of each of them. */
  readonly urls: readonly string[]
  readonly #each: readonly Client[]
  readonly #destroy: () => void

  private constructor(
    client: RedisClient | RedisClusterClient,
    nodes: { readonly urls: readonly string[]; readonly each: readonly Client[] },
    destroy: () => void,
  ) {
    this.client = client
    this.urls = nodes.urls
    this.#each = nodes.each
    this.#destroy = destroy
  }

  static async connect(url: string): Promise<RedisNodes> {
    const client = newClient(url)
    await client.connect()
    const isCluster = (await client.info('cluster')).includes('cluster_enabled:1')
    const destroy = (): void => {
      client.destroy()
    }
    if (!isCluster) return new RedisNodes(client, { urls: [url], each: [client] }, destroy)
    destroy()
    const cluster = createCluster({ rootNodes: [{ url }], defaults: OPTIONS })
    cluster.on('error', () => undefined)
    await cluster.connect()
    const each = await Promise.all(cluster.masters.map((master) => cluster.nodeClient(master)))
    const urls = cluster.masters.map(({ host, port }) => `redis://${host}:${port}`)
    return new RedisNodes(cluster, { urls, each: each }, () => {
      cluster.destroy()
    })
  }

  /** Sends a command to where its first key is. */
  ask(key: string, command: readonly string[]): Promise<unknown> {
    const { client } = this
    return 'nodeClient' in client
      ? client.sendCommand(key, false, [...command])
      : client.sendCommand(command)
  }

  async keys(pattern: string): Promise<readonly string[]> {
    const found: string[] = []
    for (const node of this.#each)
      for await (const keys of node.scanIterator({ MATCH: pattern, COUNT: 1000 }))
        found.push(...keys)
    return found
  }

  destroy(): void {
    this.#destroy()
  }
}

const OPTIONS = {
  disableOfflineQueue: true,
  socket: { reconnectStrategy: (retries: number) => Math.min(20 * (retries + 1), 200) },
}

export function newClient(url: string) {
  const client = createClient({ url, ...OPTIONS })
  return client.on('error', () => undefined) // connections that a test cuts
}
