import type pg from 'pg'
import type { PostgresEventStore } from '../../src/adapters/postgres/index.ts'
import { newServerStore, server } from '../postgres/server.ts'

/** An empty log in a schema of its own, with the same tables for both sides. */
export interface NewLog {
  readonly store: PostgresEventStore
  /** The quoted name of its table of events. */
  readonly table: string
  /** What it holds, but for moments of recording. */
  digest(): Promise<string>
  drop(): Promise<void>
}

/** @throws {RowRefused} POSTGRES_URL is not set. */
export async function newLog(): Promise<NewLog> {
  const { store, schema } = await newServerStore()
  const pool = server().floor
  const table = `${schema}.events`
  await pool.query('CHECKPOINT') // the pages that an earlier run wrote are not this one's to pay for
  return {
    store,
    table,
    digest: () => digestOf(pool, table),
    drop: async () => {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`)
    },
  }
}

async function digestOf(pool: pg.Pool, table: string): Promise<string> {
  const { rows } = await pool.query<{ digest: string }>(
    `SELECT count(*) || ' ' || max(position) || ' ' || sum(hashtextextended(concat_ws(
       '|', position, stream_id, version, id, type, schema_version, data, metadata, occurred_at), 0)) AS digest
     FROM ${table}`,
  )
  return rows[0]?.digest ?? ''
}
