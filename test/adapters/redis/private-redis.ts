import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { requires } from '../real-servers.ts'
import { connect, skipped, type ConnectedClient } from './redis-server.ts'

/** Why tests that start servers of their own are skipped; undefined: they run. */
export const skippedPrivately: string | undefined =
  skipped ?? (isInstalled() || requires('redis') ? undefined : 'install redis-server')

/** A Redis that one test owns: to crash, and to start again at the same address. */
export class PrivateRedis implements AsyncDisposable {
  readonly folder: string
  readonly #port: number
  readonly #options: readonly string[]
  #process: ChildProcess | undefined

  private constructor(folder: string, port: number, options: readonly string[]) {
    this.folder = folder
    this.#port = port
    this.#options = options
  }

  /** @param options of redis-server, beside an append-only file that is synced every second. */
  static async start(options: readonly string[] = []): Promise<PrivateRedis> {
    const folder = await mkdtemp(join(tmpdir(), 'everfold-redis-'))
    const server = new PrivateRedis(folder, await freePort(), options)
    await server.restart()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`
  }

  get port(): number {
    return this.#port
  }

  /** Ends it without a chance to write anything. */
  async crash(): Promise<void> {
    const ended = this.#process
    this.#process = undefined
    if (ended === undefined) return
    const gone = once(ended, 'exit')
    ended.kill('SIGKILL')
    await gone
  }

  /** Starts it at the same address, with what its folder holds. */
  async restart(): Promise<void> {
    const place = ['--bind', '127.0.0.1', '--port', `${this.#port}`, '--dir', this.folder]
    const kept = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '']
    const server = spawn('redis-server', [...place, ...kept, ...this.#options], { stdio: 'ignore' })
    const failed = once(server, 'error').then(([error]: unknown[]) => {
      throw error
    })
    this.#process = server
    await Promise.race([failed, this.#answers()])
    failed.catch(() => undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crash()
    await rm(this.folder, { recursive: true, force: true })
  }

  /** Resolves when it has loaded what it kept. */
  async #answers(): Promise<void> {
    const end = performance.now() + 20_000
    while (performance.now() < end) {
      const client = await connect(this.url, { socket: { reconnectStrategy: false } }).catch(
        () => undefined,
      )
      const isReady = await client?.sendCommand(['PING']).then(isPong, () => false)
      await closed(client)
      if (isReady === true) return
      await sleep(20)
    }
    throw new Error(`redis-server does not answer at ${this.url}.`)
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const isPong = (reply: unknown): boolean => reply === 'PONG'

async function closed(client: ConnectedClient | undefined): Promise<void> {
  await client?.close().catch(() => undefined)
}

function isInstalled(): boolean {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .some((folder) => existsSync(join(folder, 'redis-server')))
}
