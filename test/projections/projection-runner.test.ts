import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { project, ProjectionRunner } from '../../src/index.ts'
import { accountBalances, type Balance } from '../domain/account.ts'
import { deposited, openStore, append } from './runner-fixture.ts'

describe('registrations', () => {
  test('refuse two projections of one name', () => {
    const store = openStore()
    const projections = [accountBalances, { ...accountBalances }].map((projection) =>
      project(projection).into(new MemoryReadModel<Balance>()),
    )

    expect(() => new ProjectionRunner({ store, projections })).toThrow(
      "Two projections are named 'account-balances'.",
    )
  })

  test('refuse two projections into one read model', () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const projections = [accountBalances, { ...accountBalances, name: 'other' }].map((projection) =>
      project(projection).into(balances),
    )

    expect(() => new ProjectionRunner({ store, projections })).toThrow(
      "Two projections fill read model 'memory'",
    )
  })

  test('run one projection into several read models', async () => {
    const store = openStore()
    const one = new MemoryReadModel<Balance>()
    const other = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    const runner = new ProjectionRunner({
      store,
      projections: [project(accountBalances).into(one), project(accountBalances).into(other)],
    })

    await runner.runUntilCaughtUp()

    expect(await one.get('account-1')).toEqual(await other.get('account-1'))
    expect(await other.get('account-1')).toEqual({ owner: '', cents: 5, events: 1 })
  })
})
