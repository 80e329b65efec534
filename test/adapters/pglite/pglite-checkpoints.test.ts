import * as jest from '@jest/globals'
import { pglite } from '../../../src/adapters/pglite/index.ts'
import { PostgresCheckpoints } from '../../../src/adapters/postgres/index.ts'
import { checkpointsContract } from '../../../src/testing/contracts/checkpoints-contract.ts'
import { checkpointsTests } from '../postgres/checkpoints-tests.ts'

const database = await pglite()

jest.afterAll(() => database.close())

checkpointsContract(jest, {
  name: 'PostgresCheckpoints on PGlite',
  open: () => new PostgresCheckpoints({ database }),
})

jest.describe('PostgresCheckpoints on PGlite', () => {
  checkpointsTests({ database, schema: 'public' })
})
