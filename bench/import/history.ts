import { randomUUID } from 'node:crypto'
import type { ImportedEvent } from '../../src/adapters/postgres/index.ts'
import { streamId } from '../../src/index.ts'
import { paymentOf } from '../workload/account.ts'

export const HISTORY = { events: 200_000, accounts: 20_000 }

let made: readonly ImportedEvent[] | undefined

/** A history in which accounts take turns, as both sides import it. */
export function history(): readonly ImportedEvent[] {
  return (made ??= Array.from({ length: HISTORY.events }, (_, number) => {
    const correlationId = randomUUID()
    return {
      streamId: streamId('account', String(number % HISTORY.accounts)),
      version: 1 + Math.floor(number / HISTORY.accounts),
      id: randomUUID(),
      type: 'MoneyDeposited',
      data: paymentOf(number),
      metadata: { correlationId, causationId: correlationId, userId: 'importer' },
      occurredAt: new Date(Date.UTC(1993, 0, 1) + number * 1000),
    }
  }))
}
