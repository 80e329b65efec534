import { testContract } from './contract-tests.ts'
import { kurrentDBClient } from './kurrentdb-client.ts'

testContract(kurrentDBClient)
