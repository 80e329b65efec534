import { testClassicAppends } from './classic-append-tests.ts'
import { eventStoreClient } from './eventstore-client.ts'

testClassicAppends(eventStoreClient)
