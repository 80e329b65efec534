import { kurrentDBClient } from './kurrentdb-client.ts'
import { testLogFaults } from './log-fault-tests.ts'

testLogFaults(kurrentDBClient)
