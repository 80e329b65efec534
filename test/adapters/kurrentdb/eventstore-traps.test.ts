import { eventStoreClient } from './eventstore-client.ts'
import { testTraps } from './trap-tests.ts'

testTraps(eventStoreClient)
