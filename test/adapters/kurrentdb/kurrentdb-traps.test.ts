import { kurrentDBClient } from './kurrentdb-client.ts'
import { testTraps } from './trap-tests.ts'

testTraps(kurrentDBClient)
