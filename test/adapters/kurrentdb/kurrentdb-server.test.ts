import { kurrentDBClient } from './kurrentdb-client.ts'
import { testServer } from './server-tests.ts'

testServer(kurrentDBClient)
