import { kurrentDBClient } from './kurrentdb-client.ts'
import { testLeader } from './leader-tests.ts'

testLeader(kurrentDBClient)
