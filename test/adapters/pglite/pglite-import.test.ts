import { afterAll, test } from '@jest/globals'
import { pglite } from '../../../src/adapters/pglite/index.ts'
import { importTests } from '../postgres/import-tests.ts'

const database = await pglite()
let schemas = 0

afterAll(() => database.close())

importTests(
  test,
  () => database,
  () => `import_${++schemas}`,
)
