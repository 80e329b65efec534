import type { EventStore } from '../../../index.ts'
import type { Rule } from '../contract.ts'

/** What the rules of `eventStoreContract` work with. */
export interface ContractStores {
  readonly store: EventStore
  /** Another store on the same log, with the catalogs of older code. */
  readonly older: EventStore
}

export type EventStoreRule = Rule<ContractStores>
