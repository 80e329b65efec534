import { describe, expect, test } from '@jest/globals'
import { memoryEventStore } from '../../src/adapters/memory/index.ts'
import { asOf } from '../../src/index.ts'
import { accountBalances, accountEvents } from '../domain/account.ts'
import { deposited, openStore, append, present } from './runner-fixture.ts'

describe('asOf', () => {
  test('gives the documents as they were at a position', async () => {
    const store = openStore()
    await append(store, '1', deposited(5))
    const position = await append(store, '2', deposited(6))
    await append(store, '1', deposited(7))

    const documents = await asOf(accountBalances, { position: present(position) }, { store })

    expect(documents).toEqual(
      new Map([
        ['account-1', { owner: '', cents: 5, events: 1 }],
        ['account-2', { owner: '', cents: 6, events: 1 }],
      ]),
    )
  })

  test('gives what was true at a time as known now, for the keys asked for', async () => {
    const store = openStore()
    await append(
      store,
      '1',
      accountEvents.MoneyDeposited({ cents: 1 }, { occurredAt: new Date('2026-02-01') }),
    )
    await append(
      store,
      '1',
      accountEvents.MoneyDeposited({ cents: 2 }, { occurredAt: new Date('2026-01-01') }),
    )
    await append(
      store,
      '2',
      accountEvents.MoneyDeposited({ cents: 4 }, { occurredAt: new Date('2026-01-01') }),
    )

    const documents = await asOf(
      accountBalances,
      { occurredAt: new Date('2026-01-31') },
      { store, keys: ['account-1'] },
    )

    expect(documents).toEqual(new Map([['account-1', { owner: '', cents: 2, events: 1 }]]))
  })

  test('gives what was known at a time', async () => {
    let today = new Date('2026-01-01')
    const store = memoryEventStore({ catalogs: [accountEvents], now: () => today })
    await append(store, '1', deposited(1))
    today = new Date('2026-01-02')
    await append(
      store,
      '1',
      accountEvents.MoneyDeposited({ cents: 2 }, { occurredAt: new Date('2025-01-01') }),
    )

    const documents = await asOf(accountBalances, { recordedAt: new Date('2026-01-01') }, { store })

    expect(documents.get('account-1')).toEqual({ owner: '', cents: 1, events: 1 })
  })
})
