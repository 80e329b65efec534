import type { AnyEventCatalog, EventStore } from '../../index.ts'
import { contract, type ContractSubject, type TestRunner } from './contract.ts'
import { addAppendAllRules } from './event-store/append-all-rules.ts'
import { addAppendRules } from './event-store/append-rules.ts'
import { addCommandRules } from './event-store/command-rules.ts'
import { catalogs, olderCatalogs } from './event-store/contract-events.ts'
import type { ContractStores } from './event-store/contract-stores.ts'
import { addIdempotencyRules } from './event-store/idempotency-rules.ts'
import { addLogRules } from './event-store/log-rules.ts'
import { addLookupRules } from './event-store/lookup-rules.ts'
import { addRaceRules } from './event-store/race-rules.ts'
import { addRetiredRules } from './event-store/retired-rules.ts'
import { addRoundTripRules } from './event-store/round-trip-rules.ts'
import { addStreamRules } from './event-store/stream-rules.ts'
import { addSubscribeRules } from './event-store/subscribe-rules.ts'
import { addUpcastRules } from './event-store/upcast-rules.ts'

/**
 * An event store to be held to the contract. `open` is called twice, with different catalogs, and must give two stores on
 * one log, as two processes have them. While the rules run, nothing else may append to that log.
 */
export type EventStoreSubject = ContractSubject<
  EventStore,
  readonly [catalogs: readonly AnyEventCatalog[]]
>

/**
 * What every `EventStore` must do. Call it from the adapter's own test file.
 *
 * ```ts
 * const storage = new MyEventStorage()
 * eventStoreContract(jest, {
 *   name: 'MyEventStorage',
 *   open: (catalogs) => createEventStore(storage, { catalogs }),
 * })
 * ```
 */
export function eventStoreContract(runner: TestRunner, subject: EventStoreSubject): void {
  contract(runner, 'EventStore', opensBoth(subject), (rule) => {
    addAppendRules(rule)
    addIdempotencyRules(rule)
    addCommandRules(rule)
    addAppendAllRules(rule)
    addRaceRules(rule)
    addStreamRules(rule)
    addRoundTripRules(rule)
    addLogRules(rule)
    addSubscribeRules(rule)
    addLookupRules(rule)
    addUpcastRules(rule)
    addRetiredRules(rule)
  })
}

function opensBoth(subject: EventStoreSubject): ContractSubject<ContractStores> {
  const { open, close, ...rest } = subject
  return {
    ...rest,
    open: async () => ({ store: await open(catalogs), older: await open(olderCatalogs) }),
    close: async ({ store, older }) => {
      await close?.(older)
      await close?.(store)
    },
  }
}
