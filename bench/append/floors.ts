import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { Side } from '../benchmark.ts'
import { newServerStore, server } from '../postgres/server.ts'
import { paymentOf } from '../workload/account.ts'
import { appendSide, type Append } from './append-side.ts'
import { appendMany, appendOne, type RowToAppend } from './statements.ts'
import { anyMetadata, typeOf, type AppendLoad } from './workload.ts'

/** One call of the same SQL function after the other, through `pg`. */
export async function callFloor(load: AppendLoad): Promise<Side> {
  const { schema } = await newServerStore()
  const pool = server().floor
  const append: Append = (...place) => appendOne(pool, schema, rowOf(...place))
  return appendSide(load, { pool, schema, append })
}

/** Group commit by hand: what came in while a call was under way goes with the next one. One connection, no retries, no checks. */
export async function groupFloor(load: AppendLoad): Promise<Side> {
  const { schema } = await newServerStore()
  const pool = server().floor
  let waiting: Waiting[] = []
  let isRunning = false
  const drain = async (): Promise<void> => {
    const client = await pool.connect()
    while (waiting.length > 0) {
      const group = waiting.sort((one, other) => (one.row.stream < other.row.stream ? -1 : 1))
      waiting = []
      const [only] = group
      const versions =
        only !== undefined && group.length === 1
          ? [await appendOne(client, schema, only.row)]
          : await appendMany(
              client,
              schema,
              group.map(({ row }) => row),
            )
      group.forEach(({ resolve }, index) => {
        resolve(versions[index] ?? NaN)
      })
      await new Promise<void>((resolve) => {
        process.nextTick(resolve)
      })
    }
    client.release()
    isRunning = false
  }
  const append = (row: RowToAppend): Promise<number> =>
    new Promise((resolve) => {
      waiting.push({ row, resolve })
      if (isRunning) return
      isRunning = true
      process.nextTick(() => void drain())
    })
  return appendSide(load, { pool, schema, append: (...place) => append(rowOf(...place)) })
}

interface Waiting {
  readonly row: RowToAppend
  readonly resolve: (version: number) => void
}

/** One INSERT of the same rows by `unnest`: it checks nothing, and takes no lock. */
export async function insertFloor(load: AppendLoad): Promise<Side> {
  const { schema } = await newServerStore()
  const pool = server().floor
  const places = Array.from({ length: load.eventsPerAppend }, (_, index) => index)
  const append: Append = (stream, version, first) => {
    const rows = places.map((place) => rowOf(stream, version + place, first + place))
    return insertRows(pool, schema, rows)
  }
  return appendSide(load, { pool, schema, append })
}

async function insertRows(
  pool: pg.Pool,
  schema: string,
  rows: readonly RowToAppend[],
): Promise<number> {
  await pool.query({
    name: `insert_${schema}`,
    text: `INSERT INTO ${schema}.events (stream_id, version, id, type, schema_version, data, metadata, occurred_at, recorded_at)
      SELECT $1, version, id, type, 1, data, metadata, now(), now()
      FROM unnest($2::integer[], $3::uuid[], $4::text[], $5::json[], $6::json[]) AS n (version, id, type, data, metadata)`,
    values: [
      rows[0]?.stream,
      rows.map(({ version }) => version + 1),
      rows.map(({ id }) => id),
      rows.map(({ type }) => type),
      rows.map(({ data }) => data),
      rows.map(({ metadata }) => metadata),
    ],
  })
  return (rows[0]?.version ?? 0) + rows.length
}

function rowOf(stream: string, version: number, number: number): RowToAppend {
  return {
    stream,
    version,
    id: randomUUID(),
    type: typeOf(number),
    data: JSON.stringify(paymentOf(number)),
    metadata: JSON.stringify(anyMetadata()),
  }
}
