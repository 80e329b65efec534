import { randomBytes } from 'node:crypto'
import * as jest from '@jest/globals'
import pg from 'pg'
import type { TestRunner } from '../../../src/testing/contracts/contract.ts'
import { reasonToSkip } from '../real-servers.ts'

export const url: string | undefined = process.env['POSTGRES_URL']

/**
 * Why the tests on a real server are skipped; undefined: they run. With `EVERFOLD_REQUIRE=postgres` they run without a server, too, and fail.
 */
export const skipped: string | undefined = reasonToSkip('postgres', 'POSTGRES_URL')

/** The same for tests behind a PgBouncer in transaction mode, `EVERFOLD_REQUIRE=pgbouncer`. */
export const skippedBehindPgBouncer: string | undefined = reasonToSkip('pgbouncer', 'PGBOUNCER_URL')

/** `describe` for tests on a real server. */
export function describeOnServer(name: string, define: () => void): void {
  if (skipped === undefined) jest.describe(name, define)
  else jest.describe.skip(`${name} (skipped: ${skipped})`, define)
}

/** The server that a variable points at, with the pools and schemas of one test file. Schemas stay when a test failed, to be looked at. */
export class PostgresServer {
  readonly #variable: string
  readonly #pools: pg.Pool[] = []
  readonly #schemas: string[] = []
  readonly #databases: string[] = []
  #hasFailed = false

  constructor(variable: 'POSTGRES_URL' | 'PGBOUNCER_URL' = 'POSTGRES_URL') {
    this.#variable = variable
  }

  /** Jest, and a look at what fails. */
  readonly runner: TestRunner = {
    ...jest,
    it: Object.assign(this.test.bind(this), { skip: jest.it.skip }),
  }

  test(name: string, run: () => Promise<void>, timeoutMs?: number): void {
    const watched = async (): Promise<void> => {
      try {
        await run()
      } catch (error) {
        this.#hasFailed = true
        throw error
      }
    }
    jest.test(name, watched, timeoutMs)
  }

  get url(): string {
    const url = process.env[this.#variable]
    if (url === undefined)
      throw new Error(`${this.#variable} is not set, and EVERFOLD_REQUIRE wants its server.`)
    return url
  }

  pool(options: pg.PoolConfig = {}): pg.Pool {
    const pool = new pg.Pool({ connectionString: this.url, ...options })
    pool.on('error', () => undefined) // some tests cut connections
    this.#pools.push(pool)
    return pool
  }

  /** Name of a schema that no other test uses. */
  anySchema(name: string = `everfold_test_${randomBytes(6).toString('hex')}`): string {
    this.#schemas.push(name)
    return name
  }

  /** Makes a database that no other test uses, a copy of the template, to which nobody may be connected. Gives its URL. */
  async anyDatabase({ template = '/template1' }: { template?: string } = {}): Promise<string> {
    const name = `everfold_test_${randomBytes(6).toString('hex')}`
    await this.#administer(
      `CREATE DATABASE ${name} TEMPLATE ${new URL(template, this.url).pathname.slice(1)}`,
    )
    this.#databases.push(name)
    const url = new URL(this.url)
    url.pathname = name
    return url.href
  }

  async close(): Promise<void> {
    if (process.env[this.#variable] === undefined) return // all tests on it were skipped
    const pool = this.pool({ max: 1 }) // others may lead to a server that a test has stopped
    try {
      for (const schema of this.#hasFailed ? [] : this.#schemas) await dropSchema(pool, schema)
    } finally {
      const open = this.#pools.filter(({ ended }) => !ended)
      await Promise.all(open.map((each) => each.end()))
    }
    const databases = this.#hasFailed ? [] : this.#databases
    for (const name of databases) await this.#administer(`DROP DATABASE ${name} WITH (FORCE)`)
  }

  async #administer(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.url })
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }
}

/** Again where it met the last statement of a process that was killed: a deadlock, or a table that was just changed. */
async function dropSchema(pool: pg.Pool, schema: string): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      await pool.query(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(schema)} CASCADE`)
      return
    } catch (error) {
      const { code } = error as { readonly code?: string }
      if (tries === 5 || (code !== '40P01' && code !== 'XX000')) throw error
    }
}
