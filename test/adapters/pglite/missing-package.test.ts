import { expect, jest, test } from '@jest/globals'

jest.unstable_mockModule('@electric-sql/pglite', () => {
  throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
})

const { MissingPackageError, pglite } = await import('../../../src/adapters/pglite/index.ts')

test('pglite() tells what to install when PGlite is missing', async () => {
  const opening = pglite()

  await expect(opening).rejects.toThrow(MissingPackageError)
  await expect(opening).rejects.toThrow(/npm install @electric-sql\/pglite/)
})
