import { expect, test } from '@jest/globals'
import { memoryEventStore } from '../../src/adapters/memory/memory-event-store.ts'
import type { ExpectedVersion } from '../../src/index.ts'
import { accountEvents, anyAccount } from './account-events.ts'

test.each([-1, 1.5, Number.NaN, Infinity, 2 ** 31, '1', 'none', undefined, null, 1n])(
  'refuses %p as an expected version',
  async (expectedVersion) => {
    const store = memoryEventStore({ catalogs: [accountEvents] })
    const expected = expectedVersion as ExpectedVersion

    const append = store.append(anyAccount(), [], { expectedVersion: expected })

    await expect(append).rejects.toMatchObject({
      code: 'INVALID_VERSION',
      option: 'expectedVersion',
      value: expectedVersion,
    })
  },
)
