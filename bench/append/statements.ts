/** The calls of the functions that the store calls, by hand. */
import type pg from 'pg'

export interface RowToAppend {
  readonly stream: string
  readonly version: number
  readonly id: string
  readonly type: string
  readonly data: string
  readonly metadata: string
}

export async function appendOne(
  client: pg.Pool | pg.PoolClient,
  schema: string,
  { stream, version, id, type, data, metadata }: RowToAppend,
): Promise<number> {
  const { rows } = await client.query<string[]>({
    name: `append_event_${schema}`,
    text: `SELECT status, version, positions, extract(epoch FROM recorded_at)
      FROM ${schema}.append_event($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    ...RAW,
    values: [200, stream, version, version, null, id, type, 1, data, metadata, null],
  })
  return Number(rows[0]?.[1])
}

/** One row for each stream, in the order of `rows`, which is that of the streams. */
export async function appendMany(
  client: pg.Pool | pg.PoolClient,
  schema: string,
  rows: readonly RowToAppend[],
): Promise<readonly number[]> {
  const places = rows.map((_, index) => index + 1)
  const ones = rows.map(() => 1)
  const versions = rows.map(({ version }) => version)
  const nulls = rows.map(() => null)
  const reply = await client.query<string[]>({
    name: `append_all_${schema}`,
    text: `SELECT status, version, positions, extract(epoch FROM recorded_at)
      FROM ${schema}.append_all($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ORDER BY append`,
    ...RAW,
    values: [
      200,
      false,
      rows.map(({ stream }) => stream),
      versions,
      versions,
      nulls,
      places,
      ones,
      places,
      ones,
      rows.map(({ id }) => id),
      rows.map(({ type }) => type),
      ones,
      rows.map(({ data }) => data),
      rows.map(({ metadata }) => metadata),
      nulls,
    ],
  })
  return reply.rows.map(([, version]) => Number(version))
}

const RAW = { rowMode: 'array' as const, types: { getTypeParser: () => (text: string) => text } }
