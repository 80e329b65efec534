import { eventStoreClient } from './eventstore-client.ts'
import { testLeader } from './leader-tests.ts'

testLeader(eventStoreClient)
