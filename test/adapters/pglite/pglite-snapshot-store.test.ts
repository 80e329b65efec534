import * as jest from '@jest/globals'
import { pglite } from '../../../src/adapters/pglite/index.ts'
import { postgresSnapshotStore } from '../../../src/adapters/postgres/index.ts'
import { snapshotStoreContract } from '../../../src/testing/index.ts'
import { snapshotStoreTests } from '../postgres/snapshot-store-tests.ts'

const database = await pglite()
let schemas = 0

jest.afterAll(() => database.close())

snapshotStoreContract(jest, {
  name: 'postgresSnapshotStore on PGlite',
  open: () => postgresSnapshotStore({ database }),
})

jest.describe('snapshots in PGlite', () => {
  snapshotStoreTests({ database, anySchema: () => `snapshots_${++schemas}` })
})
