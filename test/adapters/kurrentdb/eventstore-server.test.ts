import { eventStoreClient } from './eventstore-client.ts'
import { testServer } from './server-tests.ts'

testServer(eventStoreClient)
