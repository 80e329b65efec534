import { describe, expect, test } from '@jest/globals'
import { accountEvents } from '../../../examples/bank-account/account-events.ts'
import { account } from '../../../examples/bank-account/account.ts'
import { MemoryEventStorage } from '../../../src/adapters/memory/memory-event-storage.ts'
import { createEventStore, defineEvents, event, Repository, streamId } from '../../../src/index.ts'
import { streamPage } from '../../event-store/stream-page.ts'

/** The catalog as it was when deposits counted whole units of money. */
const formerEvents = defineEvents('account', {
  AccountOpened: event<{ owner: string; overdraftLimit: number }>(),
  MoneyDeposited: event<{ amount: number }>(),
})

describe('MoneyDeposited', () => {
  test.each([
    { amount: 12.34, cents: 1234 },
    { amount: 1.15, cents: 115 },
    { amount: 8, cents: 800 },
  ])('of $amount, stored by former code, is read as $cents cents', async ({ amount, cents }) => {
    const storage = new MemoryEventStorage()
    const formerStore = createEventStore(storage, { catalogs: [formerEvents] })
    await formerStore.append(
      streamId('account', '42'),
      [
        formerEvents.AccountOpened({ owner: 'Ada', overdraftLimit: 0 }),
        formerEvents.MoneyDeposited({ amount }),
      ],
      { expectedVersion: 'no-stream' },
    )

    const store = createEventStore(storage, { catalogs: [accountEvents] })
    const { state } = await new Repository({ store }).load(account, '42')

    expect(state).toEqual({ status: 'open', balance: cents, overdraftLimit: 0 })
  })

  test('is stored in its second version', async () => {
    const storage = new MemoryEventStorage()
    const store = createEventStore(storage, { catalogs: [accountEvents] })

    await store.append(streamId('account', '42'), [accountEvents.MoneyDeposited({ cents: 5 })], {
      expectedVersion: 'no-stream',
    })

    const page = await streamPage(storage, streamId('account', '42'), {
      fromVersion: 1,
      toVersion: undefined,
      direction: 'forwards',
      limit: 1,
    })
    expect(page.events).toMatchObject([{ schemaVersion: 2, data: '{"cents":5}' }])
  })
})
