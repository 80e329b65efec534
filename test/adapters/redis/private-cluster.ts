import { setTimeout as sleep } from 'node:timers/promises'
import { createCluster } from 'redis'
import { PrivateRedis } from './private-redis.ts'
import { connect } from './redis-server.ts'

const SLOTS = 16_384

/** Masters that share the slots of a cluster, which one test file owns. */
export class PrivateCluster implements AsyncDisposable {
  readonly masters: readonly PrivateRedis[]

  private constructor(masters: readonly PrivateRedis[]) {
    this.masters = masters
  }

  static async start(count = 3): Promise<PrivateCluster> {
    const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']
    const masters: PrivateRedis[] = []
    const cluster = new PrivateCluster(masters)
    try {
      for (let left = count; left > 0; left--) masters.push(await PrivateRedis.start(options))
      await cluster.#join()
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
    return cluster
  }

  /** A connected client as a read model wants it. */
  async connect() {
    const client = createCluster({
      rootNodes: this.masters.map(({ url }) => ({ url })),
      defaults: { disableOfflineQueue: true },
    })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const master of this.masters) await master[Symbol.asyncDispose]()
  }

  async #join(): Promise<void> {
    const clients = await Promise.all(this.masters.map(({ url }) => connect(url)))
    const share = Math.ceil(SLOTS / clients.length)
    for (const [index, client] of clients.entries()) {
      const last = Math.min((index + 1) * share, SLOTS) - 1
      await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', `${index * share}`, `${last}`])
      for (const { port } of this.masters.slice(0, index))
        await client.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', `${port}`])
    }
    for (const client of clients) {
      const end = performance.now() + 20_000
      const isJoined = async (): Promise<boolean> => {
        const info = String(await client.sendCommand(['CLUSTER', 'INFO']))
        return (
          info.includes('cluster_state:ok') &&
          info.includes(`cluster_known_nodes:${clients.length}`)
        )
      }
      while (performance.now() < end && !(await isJoined())) await sleep(50)
    }
    await Promise.all(clients.map((client) => client.close()))
  }
}
