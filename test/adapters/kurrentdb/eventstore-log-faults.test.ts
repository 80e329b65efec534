import { eventStoreClient } from './eventstore-client.ts'
import { testLogFaults } from './log-fault-tests.ts'

testLogFaults(eventStoreClient)
