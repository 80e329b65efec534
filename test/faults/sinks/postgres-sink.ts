import pg from 'pg'
import { integer, postgres, PostgresReadModel, text } from '../../../src/adapters/postgres/index.ts'
import type { ReadModel } from '../../../src/index.ts'
import type { Balance } from '../../domain/account.ts'
import { openTrails, type Trail } from '../projection-trails.ts'
import type {
  Around,
  FaultSink,
  OpenSink,
  ShownDocument,
  SinkInspector,
  SinkOptions,
} from './fault-sink.ts'
import { LaneAudit } from './postgres-lane-audit.ts'

const TABLE = 'balances'
const UNDEFINED_TABLE = '42P01'

export const postgresSink: FaultSink = {
  name: 'postgres',
  title: 'Postgres',
  variable: 'POSTGRES_URL',
  holdsLog: true,
  unavailable: 'DATABASE_UNAVAILABLE',
  isDivided: false,
  inLaneWrite: 'account-',
  open: (options) => new OpenPostgres(options),
  inspect: (options) => new PostgresInspector(options),
}

/** Views `balances` and `trails` of a schema that also holds the records. */
class OpenPostgres implements OpenSink {
  readonly #schema: string
  readonly #pool: pg.Pool

  constructor({ url, namespace, around }: SinkOptions) {
    this.#schema = namespace
    this.#pool = poolOf(url, namespace)
    if (around !== undefined) countedBy(around, this.#pool)
  }

  balances(): ReadModel<Balance> {
    return new PostgresReadModel<Balance>({
      ...{ database: postgres(this.#pool), table: TABLE },
      ...{ schema: this.#schema, recordsSchema: this.#schema },
      columns: { owner: text, cents: integer, events: integer },
      indexes: [{ columns: ['owner'] }],
    })
  }

  trails(): ReadModel<Trail> {
    return openTrails(this.#pool, this.#schema)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end()
  }
}

class PostgresInspector implements SinkInspector {
  readonly #schema: string
  readonly #pool: pg.Pool
  readonly #audit: LaneAudit

  constructor({ url, namespace }: SinkOptions) {
    this.#schema = namespace
    this.#pool = poolOf(url, namespace)
    this.#audit = new LaneAudit(this.#pool, namespace)
  }

  watchLanes(): Promise<void> {
    return this.#audit.begin()
  }

  stolen(): Promise<readonly string[]> {
    return this.#audit.stolen()
  }

  async shownBuild(): Promise<number | undefined> {
    const { rows } = await this.#pool.query<{ name: string }>(
      'SELECT table_name AS name FROM information_schema.view_table_usage WHERE view_schema = $1 AND view_name = $2',
      [this.#schema, TABLE],
    )
    return rows.map(({ name }) => buildOf(name))[0]
  }

  async shownDocuments(): Promise<ReadonlyMap<string, ShownDocument>> {
    const { rows } = await this.#pool
      .query<Balance & { key: string; position: string }>(
        `SELECT key, position, owner, cents, events FROM ${this.#schema}.${TABLE}`,
      )
      .catch(nothingYet)
    return new Map(
      rows.map(({ key, position, owner, cents, events }) => [
        key,
        { document: { owner, cents, events }, position: BigInt(position) },
      ]),
    )
  }

  async storedBuilds(): Promise<readonly number[]> {
    const { rows } = await this.#pool.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r' AND relname LIKE '${TABLE}\\_b%'`,
      [this.#schema],
    )
    return rows.map(({ name }) => buildOf(name))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end()
  }
}

/** Also of the log: what a process sends to it counts, too. */
export function countedBy(around: Around, pool: pg.Pool): pg.Pool {
  return pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...given: unknown[]) => unknown
    Object.assign(client, { query: (...given: unknown[]) => around(() => query(...given)) })
  })
}

function poolOf(url: string, schema: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 4, application_name: schema })
  return pool.on('error', () => undefined) // connections that a test cuts
}

const buildOf = (table: string): number => Number(table.slice(`${TABLE}_b`.length))

function nothingYet(error: unknown): { readonly rows: readonly never[] } {
  if (error instanceof pg.DatabaseError && error.code === UNDEFINED_TABLE) return { rows: [] }
  throw error
}
