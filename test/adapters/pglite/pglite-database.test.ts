import { afterAll, describe, expect, test } from '@jest/globals'
import { pglite } from '../../../src/adapters/pglite/index.ts'
import { DatabaseClosedError } from '../../../src/adapters/postgres/index.ts'
import { databaseTests } from '../postgres/database-tests.ts'

const database = await pglite()

afterAll(() => database.close())

describe('pglite()', () => {
  databaseTests(test, () => database, 'embedded')

  test('runs statements one after another, whoever asks', async () => {
    const order: string[] = []

    await Promise.all([
      database.transaction(async (session) => {
        await session.query({ text: 'SELECT pg_sleep(0.05)' })
        order.push('transaction')
      }),
      database.query({ text: 'SELECT 1' }).then(() => order.push('query')),
    ])

    expect(order).toEqual(['transaction', 'query'])
  })

  test('goes on after the work of somebody else failed', async () => {
    const failing = database.session(async () => {
      throw new RangeError('mine')
    })
    const query = database.query({ text: 'SELECT 5' })

    await expect(failing).rejects.toThrow(RangeError)
    expect(await query).toEqual([['5']])
  })

  test('finishes what runs, then closes once, and tells whoever comes later', async () => {
    const closing = await pglite()
    const running = closing.query({ text: 'SELECT 6' })

    await Promise.all([closing.close(), closing.close()])

    expect(await running).toEqual([['6']])
    await expect(closing.query({ text: 'SELECT 7' })).rejects.toThrow(DatabaseClosedError)
  })
})
