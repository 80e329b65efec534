import { afterAll } from '@jest/globals'
import { pglite } from '../../../src/adapters/pglite/index.ts'
import { withinTests } from '../postgres/within-tests.ts'

const database = await pglite()
let schemas = 0

afterAll(() => database.close())

withinTests({
  name: 'PGlite',
  open: async () => ({ database, schema: `within_${++schemas}` }),
})
