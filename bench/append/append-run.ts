import type pg from 'pg'
import type { Run } from '../benchmark.ts'
import { appendAll, type AppendLoad } from './workload.ts'

/** A run that appends, and tells by the table what came of it. */
export function appendRun({
  load,
  pool,
  table,
  append,
}: {
  readonly load: AppendLoad
  readonly pool: pg.Pool
  readonly table: string
  readonly append: (stream: string, version: number, first: number) => Promise<number>
}): Run {
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
}
