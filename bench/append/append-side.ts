import type pg from 'pg'
import type { Side } from '../benchmark.ts'
import { appendAll, type AppendLoad } from './workload.ts'

/** Appends to a stream at a version the events from number `first` on; gives the version after them. */
export type Append = (stream: string, version: number, first: number) => Promise<number>

/** A side whose runs append by `append` to an empty table, and tell by the table what came of it. */
export function appendSide(
  load: AppendLoad,
  {
    pool,
    schema,
    append,
  }: { readonly pool: pg.Pool; readonly schema: string; readonly append: Append },
): Side {
  const table = `${schema}.events`
  return {
    prepare: async () => {
      let times: readonly number[] = []
      return {
        work: async () => {
          times = await appendAll(load, append)
        },
        p50Ms: () => times.toSorted((one, other) => one - other)[times.length >> 1] ?? NaN,
        finish: async () => {
          const { rows } = await pool.query<Record<string, string>>(
            `SELECT count(*), count(DISTINCT stream_id) AS streams, sum(version), sum(octet_length(data::text)) AS data FROM ${table}`,
          )
          await pool.query(`TRUNCATE ${table}`)
          return rows
        },
      }
    },
  }
}
