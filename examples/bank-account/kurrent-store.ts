import { kurrentdbEventStore } from '../../src/adapters/kurrentdb/index.ts'
import type { EventStore } from '../../src/index.ts'
import { accountEvents } from './account-events.ts'

/** The events of a bank on a KurrentDB server. The client is loaded only when it is asked for. */
export async function openKurrentStore(
  url: string,
): Promise<{ readonly store: EventStore; readonly close: () => Promise<void> }> {
  const { EventStoreDBClient } = await import('@eventstore/db-client')
  const client = EventStoreDBClient.connectionString(url)
  const store = kurrentdbEventStore({ client, catalogs: [accountEvents] })
  return { store, close: () => client.dispose() }
}
