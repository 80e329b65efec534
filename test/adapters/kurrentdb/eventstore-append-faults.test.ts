import { testAppendFaults } from './append-fault-tests.ts'
import { eventStoreClient } from './eventstore-client.ts'

testAppendFaults(eventStoreClient)
