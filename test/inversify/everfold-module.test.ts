import { describe, expect, test } from '@jest/globals'
import { Container } from 'inversify'
import { memoryEventStore, MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { project, type EventStore } from '../../src/index.ts'
import {
  everfoldModule,
  EVENT_STORE,
  PROJECTION_RUNNER,
  REPOSITORY,
} from '../../src/inversify/index.ts'
import { account, accountBalances, accountEvents, type Balance } from '../domain/account.ts'

describe('everfoldModule', () => {
  test('wires repository, store and runner', async () => {
    const balances = new MemoryReadModel<Balance>()
    const container = new Container()
    const store = memoryEventStore({ catalogs: [accountEvents] })
    container.load(
      everfoldModule({ store, projections: [project(accountBalances).into(balances)] }),
    )

    await container.get(REPOSITORY).execute(account, '42', { type: 'Deposit', cents: 5 })
    await container.get(PROJECTION_RUNNER).runUntilCaughtUp()

    expect(await balances.get('account-42')).toEqual({ owner: '', cents: 5, events: 1 })
    expect(container.get(REPOSITORY)).toBe(container.get(REPOSITORY))
    expect(container.get(EVENT_STORE)).toBe(store)
  })

  test('takes the store that the application binds itself', async () => {
    const container = new Container()
    container
      .bind<EventStore>(EVENT_STORE)
      .toDynamicValue(() => memoryEventStore({ catalogs: [accountEvents] }))
      .inSingletonScope()
    container.load(everfoldModule())

    const { version } = await container
      .get(REPOSITORY)
      .execute(account, '42', { type: 'Deposit', cents: 5 })

    expect(version).toBe(1)
    expect(await container.get(EVENT_STORE).head()).toMatchObject({ position: 1n })
  })
})
