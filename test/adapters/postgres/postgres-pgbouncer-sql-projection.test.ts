import * as jest from '@jest/globals'
import { postgres, type Database } from '../../../src/adapters/postgres/index.ts'
import { PostgresServer, skippedBehindPgBouncer } from './postgres-server.ts'
import { sqlProjectionTests } from './sql-projection-tests.ts'

const server = new PostgresServer('PGBOUNCER_URL')
const schema = server.anySchema()
let shared: Database | undefined
const place = {
  schema,
  get database(): Database {
    return (shared ??= postgres(server.pool(), { preparedStatements: false }))
  },
}

jest.beforeAll(async () => {
  if (skippedBehindPgBouncer === undefined) await place.database.script(`CREATE SCHEMA ${schema}`)
})
jest.afterAll(() => server.close())

const describe = skippedBehindPgBouncer === undefined ? jest.describe : jest.describe.skip
describe('sqlProjection behind PgBouncer in transaction mode', () => {
  sqlProjectionTests(place)
})
