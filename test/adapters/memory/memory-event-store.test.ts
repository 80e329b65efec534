import * as jest from '@jest/globals'
import { MemoryEventStorage } from '../../../src/adapters/memory/memory-event-storage.ts'
import { createEventStore } from '../../../src/index.ts'
import { eventStoreContract } from '../../../src/testing/contracts/event-store-contract.ts'

const storage = new MemoryEventStorage()

eventStoreContract(jest, {
  name: 'MemoryEventStorage',
  open: (catalogs) => createEventStore(storage, { catalogs }),
})
