import * as jest from '@jest/globals'
import { postgres, postgresEventStore } from '../../../src/adapters/postgres/index.ts'
import { eventStoreContract } from '../../../src/testing/contracts/event-store-contract.ts'
import { PostgresServer, skippedBehindPgBouncer } from './postgres-server.ts'

const server = new PostgresServer('PGBOUNCER_URL')
const schema = server.anySchema()

jest.afterAll(() => server.close())

eventStoreContract(server.runner, {
  name: 'postgresEventStore behind PgBouncer in transaction mode',
  open: (catalogs) =>
    postgresEventStore({
      database: postgres(server.pool(), { preparedStatements: false }),
      catalogs,
      schema,
    }),
  skipped: skippedBehindPgBouncer,
})
