import * as jest from '@jest/globals'
import {
  postgres,
  postgresSnapshotStore,
  type Database,
} from '../../../src/adapters/postgres/index.ts'
import { snapshotStoreContract } from '../../../src/testing/index.ts'
import { describeOnServer, PostgresServer, skipped } from './postgres-server.ts'
import { snapshotStoreTests } from './snapshot-store-tests.ts'

const server = new PostgresServer()
let shared: Database | undefined
const place = {
  anySchema: () => server.anySchema(),
  get database(): Database {
    return (shared ??= postgres(server.pool()))
  },
}

jest.afterAll(() => server.close())

snapshotStoreContract(jest, {
  name: 'postgresSnapshotStore',
  open: () => postgresSnapshotStore({ database: place.database, schema: place.anySchema() }),
  skipped,
})

describeOnServer('snapshots on a server', () => {
  snapshotStoreTests(place)
})
