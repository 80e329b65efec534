/** Loads both client packages into this process, and prints what the adapter says to it. */
import { EventStoreDBClient } from '@eventstore/db-client'
import '@kurrent/kurrentdb-client'
import { kurrentdbEventStore } from '../../../src/adapters/kurrentdb/index.ts'

const client = EventStoreDBClient.connectionString('esdb://localhost:1?tls=false')
try {
  kurrentdbEventStore({ client, catalogs: [] })
  console.log('made')
} catch (error) {
  console.log((error as { readonly code?: string }).code)
}
