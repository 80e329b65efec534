import * as jest from '@jest/globals'
import { pglite } from '../../../src/adapters/pglite/index.ts'
import { postgresEventStore } from '../../../src/adapters/postgres/index.ts'
import { eventStoreContract } from '../../../src/testing/contracts/event-store-contract.ts'

const database = await pglite()

jest.afterAll(() => database.close())

eventStoreContract(jest, {
  name: 'postgresEventStore on PGlite',
  open: (catalogs) => postgresEventStore({ database, catalogs }),
})
