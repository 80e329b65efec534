import type pg from 'pg'
import {
  postgres,
  postgresEventStore,
  type PostgresEventStore,
} from '../../src/adapters/postgres/index.ts'
import { accountEvents } from '../domain/account.ts'

/** A store that asks often for what others appended. */
export function openStore(pool: pg.Pool, schema: string): PostgresEventStore {
  return postgresEventStore({
    database: postgres(pool),
    catalogs: [accountEvents],
    schema,
    pollIntervalMs: 5,
  })
}
