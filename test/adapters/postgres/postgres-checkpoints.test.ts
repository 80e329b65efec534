import * as jest from '@jest/globals'
import {
  postgres,
  PostgresCheckpoints,
  type Database,
} from '../../../src/adapters/postgres/index.ts'
import { checkpointsContract } from '../../../src/testing/contracts/checkpoints-contract.ts'
import { checkpointsTests } from './checkpoints-tests.ts'
import { describeOnServer, PostgresServer, skipped } from './postgres-server.ts'

const server = new PostgresServer()
const schema = server.anySchema()
let shared: Database | undefined
const place = {
  schema,
  get database(): Database {
    return (shared ??= postgres(server.pool()))
  },
}

jest.beforeAll(async () => {
  if (skipped === undefined) await place.database.script(`CREATE SCHEMA ${schema}`)
})
jest.afterAll(() => server.close())

checkpointsContract(jest, {
  name: 'PostgresCheckpoints',
  open: () => new PostgresCheckpoints({ database: place.database, recordsSchema: schema }),
  skipped,
})

describeOnServer('PostgresCheckpoints on a server', () => {
  checkpointsTests(place)
})
