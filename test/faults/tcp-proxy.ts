import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { listenBefore } from './listen-before.ts'
import type { SeededRandom } from './seeded-random.ts'

/** A network between a client and its server that can be cut, or go silent. */
export class TcpProxy implements AsyncDisposable {
  /** The same URL, through the proxy. */
  readonly url: string
  readonly #server: net.Server
  readonly #target: URL
  readonly #links = new Set<Link>()
  #isSilent = false
  #isDown = false

  private constructor(server: net.Server, target: URL, url: string) {
    this.#server = server
    this.#target = target
    this.url = url
    server.on('connection', (client) => {
      this.#link(client)
    })
  }

  /** Stands in front of the server that the URL names, on a free port. */
  static async listen(url: string): Promise<TcpProxy> {
    const server = net.createServer({ pauseOnConnect: true })
    const target = new URL(url)
    return new TcpProxy(server, target, await listenBefore(target, server))
  }

  /** Resets some of the connections, both ends, with whatever is on its way. Gives their number. */
  cut(random: SeededRandom, share: number): number {
    const chosen = [...this.#links].filter(() => random.chance(share))
    for (const link of chosen) reset(link)
    return chosen.length
  }

  /** Resets all connections, and every new one, for a while. */
  async downFor(milliseconds: number): Promise<void> {
    this.#isDown = true
    for (const link of this.#links) reset(link)
    await sleep(milliseconds)
    this.#isDown = false
  }

  /** Forwards nothing more on the connections that there are, and says so to nobody; what is sent meanwhile waits. */
  silence({ andNew }: { readonly andNew: boolean }): void {
    this.#isSilent = andNew
    for (const link of this.#links) pause(link)
  }

  /** Forwards again, first what has waited. */
  resume(): void {
    this.#isSilent = false
    for (const { client, server } of this.#links) {
      client.pipe(server)
      server.pipe(client)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, server } of this.#links) {
      client.destroy()
      server.destroy()
    }
    this.#server.close()
    await once(this.#server, 'close')
  }

  #link(client: net.Socket): void {
    const server = net.connect(Number(this.#target.port), this.#target.hostname)
    const link = { client, server }
    this.#links.add(link)
    const end = (): void => {
      this.#links.delete(link)
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) socket.on('error', end).on('close', end)
    if (this.#isDown) reset(link)
    if (this.#isSilent || this.#isDown) return
    client.pipe(server)
    server.pipe(client)
  }
}

interface Link {
  readonly client: net.Socket
  readonly server: net.Socket
}

function reset({ client, server }: Link): void {
  client.resetAndDestroy()
  server.resetAndDestroy()
}

function pause({ client, server }: Link): void {
  for (const socket of [client, server]) {
    socket.unpipe()
    socket.pause()
  }
}
