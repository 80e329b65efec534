import * as jest from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { pglite } from '../../../src/adapters/pglite/index.ts'
import { PostgresReadModel } from '../../../src/adapters/postgres/index.ts'
import { readModelContract } from '../../../src/testing/contracts/read-model-contract.ts'
import { contractColumns } from '../postgres/read-model-columns.ts'
import { postgresIndexTests } from '../postgres/read-model-index-tests.ts'
import { postgresReadModelTests } from '../postgres/read-model-tests.ts'

const database = await pglite()
const anyTable = (): string => `documents_${randomBytes(6).toString('hex')}`

jest.afterAll(() => database.close())

readModelContract(jest, {
  name: 'PostgresReadModel with typed columns on PGlite',
  open: () => new PostgresReadModel({ database, table: anyTable(), columns: contractColumns }),
})

readModelContract(jest, {
  name: 'PostgresReadModel with JSON documents on PGlite',
  open: () => new PostgresReadModel({ database, table: anyTable() }),
})

jest.describe('PostgresReadModel on PGlite', () => {
  postgresReadModelTests({ database, schema: 'public' })
  postgresIndexTests({ database, schema: 'public' })
})
