import { randomBytes } from 'node:crypto'
import pg from 'pg'
import {
  postgres,
  postgresEventStore,
  type PostgresEventStore,
} from '../../src/adapters/postgres/index.ts'
import { RowRefused } from '../row-refused.ts'
import { accountEvents } from '../workload/account.ts'

/** A real Postgres, with a pool per side, so that neither finds connections as the other left them. */
export interface Server {
  readonly ours: pg.Pool
  readonly floor: pg.Pool
}

let opened: Server | undefined
const schemas: string[] = []

/** @throws {RowRefused} POSTGRES_URL is not set. */
export function serverUrl(): string {
  const url = process.env['POSTGRES_URL']
  if (url === undefined)
    throw new RowRefused(
      'set POSTGRES_URL to a server, e.g. scripts/servers start postgres && eval "$(scripts/servers env)"',
    )
  return url
}

export function server(): Server {
  const connectionString = serverUrl()
  return (opened ??= {
    ours: new pg.Pool({ connectionString }),
    floor: new pg.Pool({ connectionString }),
  })
}

/** A store in a schema of its own, which `closeServer` drops. */
export async function newServerStore(): Promise<{ store: PostgresEventStore; schema: string }> {
  const schema = `everfold_bench_${randomBytes(6).toString('hex')}`
  schemas.push(schema)
  const store = storeOf(server().ours, schema)
  await store.head() // makes the schema
  return { store, schema }
}

export function storeOf(pool: pg.Pool, schema: string): PostgresEventStore {
  return postgresEventStore({ database: postgres(pool), schema, catalogs: [accountEvents] })
}

export async function closeServer(): Promise<void> {
  for (const schema of schemas) await opened?.ours.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
  await opened?.ours.end()
  await opened?.floor.end()
}

/** Rows as arrays of texts, as the wire has them: the fastest that `pg` can do. */
export async function rawRows(
  pool: pg.Pool,
  query: { readonly name: string; readonly text: string; readonly values: readonly string[] },
): Promise<readonly (readonly string[])[]> {
  const { rows } = await pool.query<string[]>({ ...query, ...RAW, values: [...query.values] })
  return rows
}

const RAW = {
  rowMode: 'array' as const,
  types: { getTypeParser: () => (text: string) => text },
}
