import { randomUUID } from 'node:crypto'
import { streamId, type EventStore, type StoredEvent } from '../../src/index.ts'
import { accountEvents, paymentOf } from './account.ts'

const STREAMS_PER_APPEND = 500

/**
 * Fills a log. Accounts take turns, so that in a page hardly two events belong to one document: the hard case for a
 * projection, which can then put nothing together.
 */
export async function fillLog(
  store: EventStore,
  { events, accounts }: { readonly events: number; readonly accounts: number },
): Promise<void> {
  for (let first = 0; first < events; first += STREAMS_PER_APPEND) {
    const numbers = Array.from({ length: STREAMS_PER_APPEND }, (_, index) => first + index)
    await store.appendAll(
      numbers.map((number) => ({
        streamId: streamId('account', String(number % accounts)),
        events: [eventAt(number, Math.floor(number / accounts))],
        expectedVersion: Math.floor(number / accounts),
      })),
    )
  }
}

/** The events of a store as they were written, for a floor to keep in its own way. */
export async function storedEvents(store: EventStore): Promise<readonly StoredEvent[]> {
  const stored: StoredEvent[] = []
  for await (const { events } of store.readAll())
    for (const event of events) {
      const { streamId, version, position, id, type, schemaVersion, occurredAt, recordedAt } = event
      stored.push({
        streamId,
        version,
        position,
        id,
        type,
        schemaVersion,
        data: JSON.stringify(event.data),
        metadata: JSON.stringify(event.metadata),
        occurredAtMs: occurredAt.getTime(),
        recordedAtMs: recordedAt.getTime(),
      })
    }
  return stored
}

function eventAt(number: number, turn: number) {
  const correlationId = randomUUID()
  const options = { metadata: { correlationId, causationId: correlationId } }
  if (turn === 0) return accountEvents.AccountOpened({ owner: `Owner ${number}` }, options)
  return turn % 3 === 0
    ? accountEvents.MoneyWithdrawn(paymentOf(number), options)
    : accountEvents.MoneyDeposited(paymentOf(number), options)
}
