import { once } from 'node:events'
import net from 'node:net'
import { listenBefore } from './listen-before.ts'

/** A network between a client and its server that lets a request through, and resets the connection in place of its reply. */
export class ReplyThief implements AsyncDisposable {
  /** The same URL, through here. */
  readonly url: string
  readonly #server: net.Server
  readonly #target: URL
  readonly #sockets = new Set<net.Socket>()
  #isWanted = false
  #stolen = 0

  private constructor(server: net.Server, target: URL, url: string) {
    this.#server = server
    this.#target = target
    this.url = url
    server.on('connection', (client) => {
      this.#link(client)
    })
  }

  /** Stands in front of the server that the URL names, on a free port. */
  static async listen(url: string): Promise<ReplyThief> {
    const server = net.createServer()
    const target = new URL(url)
    return new ReplyThief(server, target, await listenBefore(target, server))
  }

  /** How many replies were lost. */
  get stolen(): number {
    return this.#stolen
  }

  /** Takes the next reply, of whatever connection. */
  steal(): void {
    this.#isWanted = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #link(client: net.Socket): void {
    const server = net.connect(Number(this.#target.port), this.#target.hostname)
    const end = (): void => {
      for (const socket of [client, server]) {
        this.#sockets.delete(socket)
        socket.destroy()
      }
    }
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('error', end).on('close', end)
    }
    client.pipe(server)
    server.on('data', (reply) => {
      if (!this.#isWanted) {
        client.write(reply)
        return
      }
      this.#isWanted = false
      this.#stolen++
      client.resetAndDestroy()
      server.end() // so that the server does what it was asked, and only then finds nobody there
    })
  }
}
