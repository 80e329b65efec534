import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { ImportedEvent, PostgresEventStore } from '../../src/adapters/postgres/index.ts'
import { streamId } from '../../src/index.ts'
import { paymentOf } from '../workload/account.ts'

/**
 * Fills a store's log by an import: the events of `fillLog`, with 285 bytes of data and 149 of metadata. Streams take turns, so that the events of one lie
 * far from each other.
 */
export async function fillServer(
  {
    store,
    pool,
    schema,
  }: { readonly store: PostgresEventStore; readonly pool: pg.Pool; readonly schema: string },
  size: { readonly events: number; readonly streams: number },
): Promise<void> {
  await store.import(history(size))
  await pool.query(`VACUUM ANALYZE ${schema}.events`)
}

function* history({
  events,
  streams,
}: {
  readonly events: number
  readonly streams: number
}): Generator<ImportedEvent> {
  for (let number = 0; number < events; number++) {
    const turn = Math.floor(number / streams)
    const correlationId = randomUUID()
    const userId = `teller-${String(number).padStart(20, '0')}`
    yield {
      streamId: streamId('account', String(number % streams)),
      version: turn + 1,
      id: randomUUID(),
      metadata: { correlationId, causationId: correlationId, userId },
      ...(turn === 0
        ? { type: 'AccountOpened', data: { owner: `Owner ${number}` } }
        : { type: turn % 3 === 0 ? 'MoneyWithdrawn' : 'MoneyDeposited', data: paymentOf(number) }),
    }
  }
}
