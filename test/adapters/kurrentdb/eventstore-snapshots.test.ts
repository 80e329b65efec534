import { eventStoreClient } from './eventstore-client.ts'
import { testSnapshots } from './snapshot-tests.ts'

testSnapshots(eventStoreClient)
