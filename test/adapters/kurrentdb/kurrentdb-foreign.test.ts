import { kurrentDBClient } from './kurrentdb-client.ts'
import { testForeign } from './foreign-tests.ts'

testForeign(kurrentDBClient)
