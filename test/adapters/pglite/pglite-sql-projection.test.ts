import { afterAll, describe } from '@jest/globals'
import { pglite } from '../../../src/adapters/pglite/index.ts'
import { sqlProjectionTests } from '../postgres/sql-projection-tests.ts'
import { sqlTransactionTests } from '../postgres/sql-transaction-tests.ts'

const database = await pglite()

afterAll(() => database.close())

describe('sqlProjection on PGlite', () => {
  sqlProjectionTests({ database, schema: 'public' })
  sqlTransactionTests({ database, schema: 'public' })
})
