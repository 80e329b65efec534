import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as jest from '@jest/globals'
import pg from 'pg'
import { skipped } from '../adapters/postgres/postgres-server.ts'
import { requires } from '../adapters/real-servers.ts'

const SCRIPT = fileURLToPath(new URL('../../scripts/servers', import.meta.url))

/** `describe` for tests that crash a server of their own. They run where other tests of a real server do, if PostgreSQL's programs are installed. */
export function describeWithPrivateServer(name: string, define: () => void): void {
  if (skippedPrivately === undefined) jest.describe(name, define)
  else jest.describe.skip(`${name} (skipped: ${skippedPrivately})`, define)
}

const NOT_INSTALLED =
  "install PostgreSQL's own programs (initdb, pg_ctl): a server that only listens cannot be crashed"

/** Where scripts/servers looks for them. */
function isInstalled(): boolean {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian) : []
  const folders = versions.map((version) => join(debian, version, 'bin'))
  const path = (process.env['PATH'] ?? '').split(delimiter)
  return [...folders, ...path].some((folder) => existsSync(join(folder, 'initdb')))
}

/** Why tests that crash a server of their own are skipped; undefined: they run. */
export const skippedPrivately: string | undefined =
  skipped ?? (isInstalled() || requires('postgres') ? undefined : NOT_INSTALLED)

/** A PostgreSQL that one test owns: to crash, and to start again at the same address. */
export class PrivateServer implements AsyncDisposable {
  readonly #folder: string
  readonly #pools: pg.Pool[] = []
  #url = ''
  #walWriter: number | undefined

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async start(): Promise<PrivateServer> {
    const folder = await mkdtemp(join(tmpdir(), 'everfold-server-'))
    await chmod(folder, 0o755) // the server's user has to enter
    const server = new PrivateServer(folder)
    await server.restart()
    return server
  }

  get url(): string {
    return this.#url
  }

  /** From now on only commits write to the log of the server: the process that does so in the background stands still until the server crashes. */
  async pauseWalWriter(): Promise<void> {
    const { rows } = await this.pool({ max: 1 }).query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'",
    )
    this.#walWriter = rows[0]?.pid
    if (this.#walWriter !== undefined) process.kill(this.#walWriter, 'SIGSTOP')
  }

  /** Ends the server without a chance to write anything: `pg_ctl stop -m immediate`. */
  async crash(): Promise<void> {
    const crashed = this.#run('crash')
    if (this.#walWriter !== undefined) {
      await sleep(500) // by now it was told to end; standing still it cannot
      process.kill(this.#walWriter, 'SIGKILL')
      this.#walWriter = undefined
    }
    await crashed
  }

  /** Starts the server at the same address. */
  async restart(): Promise<void> {
    await this.#run('start')
    const url = /'(.*)'/.exec(await this.#run('env'))?.[1] ?? ''
    if (this.#url !== '' && this.#url !== url)
      throw new Error(`The server is back at ${url}, not at ${this.#url}: its port was taken.`)
    this.#url = url
  }

  pool(options: pg.PoolConfig = {}): pg.Pool {
    const pool = new pg.Pool({ connectionString: this.url, ...options })
    pool.on('error', () => undefined) // connections that a crash cut
    this.#pools.push(pool)
    return pool
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#walWriter !== undefined) await this.crash()
    await this.#run('stop')
    await Promise.all(this.#pools.map((pool) => pool.end()))
    await rm(this.#folder, { recursive: true })
  }

  async #run(verb: string): Promise<string> {
    const env = { ...process.env, EVERFOLD_SERVERS_DIR: this.#folder }
    const { stdout } = await promisify(execFile)(SCRIPT, [verb, 'postgres'], { env })
    return stdout
  }
}
