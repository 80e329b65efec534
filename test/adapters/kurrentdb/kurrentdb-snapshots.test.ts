import { kurrentDBClient } from './kurrentdb-client.ts'
import { testSnapshots } from './snapshot-tests.ts'

testSnapshots(kurrentDBClient)
