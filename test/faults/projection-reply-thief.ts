import { once } from 'node:events'
import net from 'node:net'

/** A network between a client and its server that lets a request through, and resets the connection in place of its reply. */
export class ReplyThief implements AsyncDisposable {
  readonly #server: net.Server
  readonly #target: URL
  readonly #sockets = new Set<net.Socket>()
  #isWanted = false
  #stolen = 0

  private constructor(server: net.Server, target: URL) {
    this.#server = server
    this.#target = target
    server.on('connection', (client) => {
      this.#link(client)
    })
  }

  /** Stands in front of the server that the URL names, on a free port. */
  static async listen(url: string): Promise<ReplyThief> {
    const server = net.createServer()
    const thief = new ReplyThief(server, new URL(url))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return thief
  }

  /** The same URL, through here. */
  get url(): string {
    const url = new URL(this.#target)
    url.hostname = '127.0.0.1'
    url.port = String((this.#server.address() as net.AddressInfo).port)
    return url.href
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
