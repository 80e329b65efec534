import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { paymentOf } from '../workload/account.ts'

/** So many different payloads; numbers in them repeat. */
const PAYLOADS = 997

/**
 * Fills a store's log inside the server, the fastest way there is: the events of `fillLog`, with 285 bytes of data and 149 of metadata. Streams take
 * turns, so that the events of one lie far from each other.
 */
export async function fillServer(
  pool: pg.Pool,
  {
    schema,
    events,
    streams,
  }: { readonly schema: string; readonly events: number; readonly streams: number },
): Promise<void> {
  const payloads = Array.from({ length: PAYLOADS }, (_, number) =>
    JSON.stringify(paymentOf(number)),
  )
  const metadata = Array.from({ length: PAYLOADS }, (_, number) => {
    const correlationId = randomUUID()
    const userId = `teller-${String(number).padStart(20, '0')}`
    return JSON.stringify({ correlationId, causationId: correlationId, userId })
  })
  await pool.query(
    `INSERT INTO ${schema}.events (stream_id, version, id, type, schema_version, data, metadata, occurred_at, recorded_at)
     SELECT 'account-' || number % $2, turn + 1, gen_random_uuid(),
       CASE WHEN turn = 0 THEN 'AccountOpened' WHEN turn % 3 = 0 THEN 'MoneyWithdrawn' ELSE 'MoneyDeposited' END,
       1,
       CASE WHEN turn = 0 THEN json_build_object('owner', 'Owner ' || number) ELSE ($3::json[])[1 + number % ${PAYLOADS}] END,
       ($4::json[])[1 + number % ${PAYLOADS}],
       moment, moment
     FROM generate_series(0, $1::integer - 1) number
     CROSS JOIN LATERAL (SELECT number / $2::integer AS turn, date_trunc('milliseconds', clock_timestamp()) AS moment) facts
     ORDER BY number`,
    [events, streams, payloads, metadata],
  )
  await pool.query(`VACUUM ANALYZE ${schema}.events`)
}
