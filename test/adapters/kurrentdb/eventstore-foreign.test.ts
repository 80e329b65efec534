import { eventStoreClient } from './eventstore-client.ts'
import { testForeign } from './foreign-tests.ts'

testForeign(eventStoreClient)
