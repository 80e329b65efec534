import * as jestGlobals from '@jest/globals'
import { expect, jest } from '@jest/globals'
import type { ImportedEvent } from '../../../src/adapters/postgres/index.ts'

jest.unstable_mockModule('pg-copy-streams', () => {
  throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
})

const { MissingPackageError, postgres, postgresEventStore } =
  await import('../../../src/adapters/postgres/index.ts')
const { deposit, importerInto } = await import('./imported-history.ts')
const { describeOnServer, PostgresServer } = await import('./postgres-server.ts')

const server = new PostgresServer()

jestGlobals.afterAll(() => server.close())

describeOnServer('an import without pg-copy-streams', () => {
  server.test('tells what to install, and has written nothing', async () => {
    const database = postgres(server.pool())
    const schema = server.anySchema()
    const history: readonly ImportedEvent[] = [deposit('ada', 1)]

    const running = importerInto(database, { schema }).import(history)

    await expect(running).rejects.toThrow(MissingPackageError)
    await expect(running).rejects.toThrow(/npm install pg-copy-streams/)
    expect(await postgresEventStore({ database, schema, catalogs: [] }).head()).toBeUndefined()
  })
})
