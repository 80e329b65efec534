import type { Side } from '../benchmark.ts'
import { balancesResult } from '../fold/balances-result.ts'
import { server } from '../postgres/server.ts'
import type { Balance } from '../workload/account.ts'
import type { ServerLog } from '../workload/server-log.ts'
import { newSchema } from './new-read-model.ts'

const PAGE_SIZE = '5000'

/**
 * Folds inside the server, page by page: one statement reads a page, sums it up by key, upserts the balances and moves the checkpoint. No event leaves the
 * server.
 */
export function serverFoldFloor({ schema: log }: ServerLog): Side {
  return {
    prepare: async () => {
      const pool = server().floor
      const { schema, drop } = await newSchema()
      await createBalances(schema)
      const text = foldStatement(log, schema)
      const client = await pool.connect()
      await client.query('SET plan_cache_mode = force_generic_plan')
      return {
        work: async () => {
          for (let count = PAGE_SIZE; count === PAGE_SIZE;) {
            const { rows } = await client.query<{ count: string }>({
              name: schema,
              text,
              values: [PAGE_SIZE],
            })
            count = rows[0]?.count ?? ''
          }
        },
        finish: async () => {
          const { rows } = await pool.query<{ position: string }>(
            `SELECT position FROM ${schema}.checkpoint`,
          )
          const result = balancesResult(await balancesOf(schema), BigInt(rows[0]?.position ?? 0))
          client.release(true)
          await drop()
          return result
        },
      }
    },
  }
}

/** Makes the table of balances and that of the checkpoint. */
export async function createBalances(schema: string): Promise<void> {
  await server().floor.query(TABLES.replaceAll('SCHEMA', schema))
}

/** The statement that folds the next events of a log, up to `$1`: it gives their number and the last position. */
export function foldStatement(log: string, schema: string): string {
  return STATEMENT.replaceAll('SCHEMA', schema).replace('EVENTS', `${log}.events`)
}

/** A bigint comes as a text. */
interface StoredBalance extends Omit<Balance, 'cents'> {
  readonly key: string
  readonly cents: string
}

/** All balances by key. */
export async function balancesOf(schema: string): Promise<ReadonlyMap<string, Balance>> {
  const { rows } = await server().floor.query<StoredBalance>(
    `SELECT key, owner, cents, payments, last_reference AS "lastReference" FROM ${schema}.balances`,
  )
  return new Map(
    rows.map(({ key, cents, ...balance }) => [key, { ...balance, cents: Number(cents) }]),
  )
}

const TABLES = `
CREATE TABLE SCHEMA.balances (
  key text COLLATE "C" PRIMARY KEY,
  position bigint NOT NULL,
  owner text NOT NULL,
  cents bigint NOT NULL,
  payments integer NOT NULL,
  last_reference text NOT NULL
) WITH (fillfactor = 70);
CREATE TABLE SCHEMA.checkpoint (position bigint NOT NULL);
INSERT INTO SCHEMA.checkpoint VALUES (0)`

const STATEMENT = `
WITH page AS MATERIALIZED (
  SELECT position, stream_id, type, data FROM EVENTS
  WHERE (position, 0) > ((SELECT position FROM SCHEMA.checkpoint), 0) ORDER BY position LIMIT $1
), moved AS (
  UPDATE SCHEMA.checkpoint SET position = last FROM (SELECT max(position) AS last FROM page) p WHERE last IS NOT NULL
), upserted AS (
  INSERT INTO SCHEMA.balances AS b
  SELECT stream_id, max(position), coalesce(max(d.owner), ''),
    coalesce(sum(CASE type WHEN 'MoneyDeposited' THEN d.cents ELSE -d.cents END), 0),
    count(d.cents), coalesce((array_agg(d.reference ORDER BY position DESC) FILTER (WHERE d.reference IS NOT NULL))[1], '')
  FROM page, json_to_record(data) AS d (owner text, cents bigint, reference text)
  GROUP BY stream_id
  ON CONFLICT (key) DO UPDATE SET position = excluded.position, cents = b.cents + excluded.cents,
    payments = b.payments + excluded.payments, last_reference = excluded.last_reference
)
SELECT count(*), max(position) AS position FROM page`
