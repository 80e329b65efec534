import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { BuildMismatchError } from '../../src/index.ts'
import { accountBalances, type Balance } from '../domain/account.ts'
import { deposited, openStore, append, runnerOf } from './runner-fixture.ts'

describe('versions', () => {
  const renamed = {
    ...accountBalances,
    version: 2,
    on: {
      MoneyDeposited: (
        balance: Balance,
        { data }: { readonly data: { readonly cents: number } },
      ) => ({ ...balance, cents: balance.cents + 100 * data.cents }),
    },
  }

  test('builds a higher version anew beside the live build', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    await runnerOf(store, balances).runUntilCaughtUp()

    await runnerOf(store, balances, renamed).runUntilCaughtUp()

    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 500, events: 0 })
    expect(await balances.storage.readBuilds()).toMatchObject({
      live: { number: 2, version: 2 },
      previous: { number: 1, version: 1 },
    })
  })

  test('refuses another definition under the same version, with the advice to raise it', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await runnerOf(store, balances).runUntilCaughtUp()
    const sneaky = { ...renamed, version: 1 }

    const refused = runnerOf(store, balances, sneaky).runUntilCaughtUp()

    await expect(refused).rejects.toThrow(BuildMismatchError)
    await expect(refused).rejects.toThrow('Raise the version to 2')
  })

  test('refuses to follow another definition under the same version', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await runnerOf(store, balances).runUntilCaughtUp()
    const sneaky = { ...renamed, version: 1 }

    const refused = runnerOf(store, balances, sneaky).start()

    await expect(refused).rejects.toThrow(BuildMismatchError)
  })

  test('refuses code of a lower version than the live build', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await runnerOf(store, balances, renamed).runUntilCaughtUp()

    const refused = runnerOf(store, balances).start()

    await expect(refused).rejects.toThrow(
      "holds version 2 of 'account-balances'; this code declares 1.",
    )
  })

  test('refuses a read model that another projection fills', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await runnerOf(store, balances).runUntilCaughtUp()

    const refused = runnerOf(store, balances, { ...accountBalances, name: 'other' }).start()

    await expect(refused).rejects.toThrow("holds projection 'account-balances', not 'other'.")
  })
})
