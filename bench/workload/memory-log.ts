import { memoryEventStore } from '../../src/adapters/memory/index.ts'
import type { EventStore, StoredEvent } from '../../src/index.ts'
import { accountEvents } from './account.ts'
import { fillLog, storedEvents } from './log.ts'

export const MEMORY_LOG = { events: 200_000, accounts: 20_000 }

/** One log in two places: a memory store, and a list of the same events. */
export async function memoryLog(): Promise<{
  readonly store: EventStore
  readonly stored: readonly StoredEvent[]
}> {
  const store = memoryEventStore({ catalogs: [accountEvents] })
  await fillLog(store, MEMORY_LOG)
  return { store, stored: await storedEvents(store) }
}
