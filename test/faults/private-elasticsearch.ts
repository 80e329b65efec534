import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { PrivateSinkServer } from './sinks/fault-sink.ts'

const SCRIPT = fileURLToPath(new URL('../../scripts/servers', import.meta.url))

/** An Elasticsearch that one test owns: to crash, and to start again at the same address. */
export class PrivateElasticsearch implements PrivateSinkServer {
  readonly #folder: string
  #url = ''

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async start(): Promise<PrivateElasticsearch> {
    const folder = await mkdtemp(join(tmpdir(), 'everfold-elasticsearch-'))
    await chmod(folder, 0o755) // the server's user has to enter
    const server = new PrivateElasticsearch(folder)
    await server.restart()
    return server
  }

  get url(): string {
    return this.#url
  }

  /** SIGKILL. */
  async crash(): Promise<void> {
    await this.#run('crash')
  }

  async restart(): Promise<void> {
    await this.#run('start')
    this.#url = /'(.*)'/.exec(await this.#run('env'))?.[1] ?? ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run('stop')
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  }

  async #run(verb: string): Promise<string> {
    const env = { ...process.env, EVERFOLD_SERVERS_DIR: this.#folder }
    const { stdout } = await promisify(execFile)(SCRIPT, [verb, 'elasticsearch'], { env })
    return stdout
  }
}
