import pg from 'pg'
import { postgres, type Database } from '../../src/adapters/postgres/index.ts'
import { EventSchema } from '../../src/adapters/postgres/schema/event-schema.ts'

/** An empty log in a schema of its own, with the same tables for both sides. */
export interface NewLog {
  readonly pool: pg.Pool
  readonly database: Database
  readonly schema: EventSchema
  /** The quoted name of its table of events. */
  readonly table: string
  /** What it holds, but for moments of recording. */
  digest(): Promise<string>
  drop(): Promise<void>
}

let shared: pg.Pool | undefined
let logs = 0

/** @throws {TypeError} POSTGRES_URL names no server. */
export async function newLog(): Promise<NewLog> {
  const pool = (shared ??= connect())
  const name = `bench_import_${process.pid}_${++logs}`
  const database = postgres(pool)
  const schema = new EventSchema(database, name)
  await schema.ready()
  const table = `${name}.events`
  await pool.query('CHECKPOINT') // the pages that an earlier run wrote are not this one's to pay for
  return {
    pool,
    database,
    schema,
    table,
    digest: async () => {
      const { rows } = await pool.query<{ digest: string }>(
        `SELECT count(*) || ' ' || max(position) || ' ' || sum(hashtextextended(concat_ws(
           '|', position, stream_id, version, id, type, schema_version, data, metadata, occurred_at), 0)) AS digest
         FROM ${table}`,
      )
      return rows[0]?.digest ?? ''
    },
    drop: async () => {
      await pool.query(`DROP SCHEMA ${name} CASCADE`)
    },
  }
}

function connect(): pg.Pool {
  const connectionString = process.env['POSTGRES_URL']
  if (connectionString === undefined)
    throw new TypeError(
      'Set POSTGRES_URL to a server, e.g. scripts/servers start postgres && eval "$(scripts/servers env)".',
    )
  return new pg.Pool({ connectionString, allowExitOnIdle: true })
}
