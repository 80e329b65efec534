import * as jest from '@jest/globals'
import { postgres, postgresEventStore } from '../../../src/adapters/postgres/index.ts'
import { eventStoreContract } from '../../../src/testing/contracts/event-store-contract.ts'
import { PostgresServer, skipped } from './postgres-server.ts'

const server = new PostgresServer()
const schema = server.anySchema()

jest.afterAll(() => server.close())

eventStoreContract(server.runner, {
  name: 'postgresEventStore',
  open: (catalogs) => postgresEventStore({ database: postgres(server.pool()), catalogs, schema }),
  skipped,
})
