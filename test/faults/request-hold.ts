import { EventEmitter, once } from 'node:events'
import net from 'node:net'
import { listenBefore } from './listen-before.ts'

/** A network between a client and its server that holds one request back, and delivers it late, also when who sent it is halted or gone. */
export class RequestHold implements AsyncDisposable {
  /** The same URL, through here. */
  readonly url: string
  readonly #server: net.Server
  readonly #target: URL
  readonly #sockets = new Set<net.Socket>()
  readonly #steps = new EventEmitter()
  #wanted: readonly string[] | undefined
  #held: Held | undefined

  private constructor(server: net.Server, target: URL, url: string) {
    this.#server = server
    this.#target = target
    this.url = url
    server.on('connection', (client) => {
      this.#link(client)
    })
  }

  /** Stands in front of the server that the URL names, on a free port. */
  static async listen(url: string): Promise<RequestHold> {
    const server = net.createServer()
    const target = new URL(url)
    return new RequestHold(server, target, await listenBefore(target, server))
  }

  /** Holds the next request back that contains all of these words, and what follows it on its connection. Resolves when it is there. */
  async hold(words: readonly string[]): Promise<void> {
    const held = once(this.#steps, 'held')
    this.#wanted = words
    await held
  }

  /** Delivers it now. Resolves when the server has answered. */
  async letGo(): Promise<void> {
    const { server, bytes } = this.#held ?? {}
    if (server === undefined) throw new Error('Nothing is held.')
    this.#held = undefined
    const answered = once(server, 'data')
    for (const each of bytes ?? []) server.write(each)
    await answered
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #link(client: net.Socket): void {
    const server = net.connect(Number(this.#target.port), this.#target.hostname)
    /** What was asked since the server said something. */
    let asked = ''
    client.on('data', (bytes) => {
      asked += bytes.toString('latin1')
      if (this.#wanted?.every((word) => asked.includes(word)) === true) {
        this.#wanted = undefined
        this.#held = { server, bytes: [] }
        this.#steps.emit('held')
      }
      if (this.#held?.server === server) this.#held.bytes.push(bytes)
      else server.write(bytes)
    })
    server.on('data', (bytes) => {
      asked = ''
      client.write(bytes)
    })
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket
        .on('error', () => socket.destroy())
        .on('close', () => {
          this.#sockets.delete(socket)
          if (this.#held?.server !== server) for (const each of [client, server]) each.destroy()
        })
    }
  }
}

interface Held {
  readonly server: net.Socket
  readonly bytes: Buffer[]
}
