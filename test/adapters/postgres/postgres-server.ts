import { randomBytes } from 'node:crypto'
import * as jest from '@jest/globals'
import pg from 'pg'
import type { TestRunner } from '../../../src/testing/contracts/contract.ts'

export const url: string | undefined = process.env['POSTGRES_URL']

/**
 * Why the tests on a real server are skipped; undefined: they run. With `EVERFOLD_REQUIRE=postgres` they run without a server, too, and fail.
 */
export const skipped: string | undefined =
  url === undefined && !requires('postgres')
    ? 'set POSTGRES_URL to a server, e.g. eval "$(scripts/servers start postgres)"'
    : undefined

/** `describe` for tests on a real server. */
export function describeOnServer(name: string, define: () => void): void {
  if (skipped === undefined) jest.describe(name, define)
  else jest.describe.skip(`${name} (skipped: ${skipped})`, define)
}

/** The server that POSTGRES_URL points at, with the pools and schemas of one test file. Schemas stay when a test failed, to be looked at. */
export class PostgresServer {
  readonly #pools: pg.Pool[] = []
  readonly #schemas: string[] = []
  #hasFailed = false

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

  pool(options: pg.PoolConfig = {}): pg.Pool {
    if (url === undefined)
      throw new Error('POSTGRES_URL is not set, and EVERFOLD_REQUIRE names postgres.')
    const pool = new pg.Pool({ connectionString: url, ...options })
    pool.on('error', () => undefined) // some tests cut connections
    this.#pools.push(pool)
    return pool
  }

  /** Name of a schema that no other test uses. */
  anySchema(name: string = `everfold_test_${randomBytes(6).toString('hex')}`): string {
    this.#schemas.push(name)
    return name
  }

  async close(): Promise<void> {
    const [pool] = this.#pools
    const schemas = this.#hasFailed ? [] : this.#schemas
    for (const schema of schemas)
      await pool?.query(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(schema)} CASCADE`)
    await Promise.all(this.#pools.map((each) => each.end()))
  }
}

function requires(server: string): boolean {
  return (process.env['EVERFOLD_REQUIRE'] ?? '').split(/[\s,]+/).includes(server)
}
