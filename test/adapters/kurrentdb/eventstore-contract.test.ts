import { testContract } from './contract-tests.ts'
import { eventStoreClient } from './eventstore-client.ts'

testContract(eventStoreClient)
