import { testAppendFaults } from './append-fault-tests.ts'
import { kurrentDBClient } from './kurrentdb-client.ts'

testAppendFaults(kurrentDBClient)
