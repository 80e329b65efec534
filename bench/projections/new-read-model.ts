import { randomBytes } from 'node:crypto'
import {
  bigint,
  integer,
  postgres,
  PostgresReadModel,
  text,
  type Database,
} from '../../src/adapters/postgres/index.ts'
import { server } from '../postgres/server.ts'
import type { Balance } from '../workload/account.ts'

/** How a document lies in its table. */
export type Shape = 'typed' | 'json'

const COLUMNS = { owner: text, cents: bigint, payments: integer, lastReference: text }

/** A read model in a schema, which holds its records, too. */
export function readModelIn(
  schema: string,
  options: {
    readonly shape: Shape
    readonly database?: Database | undefined
    readonly table?: string
  },
): PostgresReadModel<Balance> {
  const { shape, database = postgres(server().ours), table = 'balances' } = options
  const names = { database, schema, recordsSchema: schema, table }
  return shape === 'json'
    ? new PostgresReadModel<Balance>(names)
    : new PostgresReadModel<Balance>({ ...names, columns: COLUMNS })
}

/** An empty schema on the server, and nothing that the server has still to write for somebody else. */
export async function newSchema(): Promise<{
  readonly schema: string
  readonly drop: () => Promise<void>
}> {
  const schema = `everfold_bench_${randomBytes(6).toString('hex')}`
  const pool = server().floor
  await pool.query(`CREATE SCHEMA ${schema}`)
  await pool.query('CHECKPOINT') // the pages that an earlier run wrote are not this one's to pay for
  return {
    schema,
    drop: async () => {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`)
    },
  }
}
