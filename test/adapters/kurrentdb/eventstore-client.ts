import { EventStoreDBClient } from '@eventstore/db-client'
import type { ClientUnderTest } from './test-client.ts'

export const eventStoreClient: ClientUnderTest = {
  clientPackage: '@eventstore/db-client',
  open: (url) => EventStoreDBClient.connectionString(url),
}
