import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { DocumentRefusedError, NotJsonError, ProjectionFailedError } from '../../src/index.ts'
import { accountBalances, accountEvents, type Balance } from '../domain/account.ts'
import { deposited, openStore, append, runnerOf, altered } from './runner-fixture.ts'

describe('runUntilCaughtUp', () => {
  test('folds the log into documents', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', accountEvents.AccountOpened({ owner: 'Ada' }), deposited(5))
    await append(store, '2', deposited(7), accountEvents.AccountClosed({}))

    await runnerOf(store, balances).runUntilCaughtUp()

    expect(await balances.get('account-1')).toEqual({ owner: 'Ada', cents: 5, events: 2 })
    expect(await balances.get('account-2')).toBeUndefined()
  })

  test('sends a commit before it folds the next page, as drivers send at the end of a turn', async () => {
    const store = openStore()
    const steps: string[] = []
    const balances = altered(new MemoryReadModel<Balance>(), (inner) => ({
      commit: async (...call) => {
        await new Promise<void>((resolve) => {
          process.nextTick(resolve)
        })
        steps.push('sent')
        return inner.commit(...call)
      },
    }))
    const MoneyDeposited = (balance: Balance): Balance => {
      steps.push('folded')
      return { ...balance }
    }
    await append(store, '1', deposited(1), deposited(2), deposited(3), deposited(4), deposited(5))

    await runnerOf(
      store,
      balances,
      { ...accountBalances, on: { ...accountBalances.on, MoneyDeposited } },
      { pageSize: 1 },
    ).runUntilCaughtUp()

    expect(steps).toEqual(Array.from({ length: 5 }, () => ['folded', 'sent']).flat())
  })

  test('goes on from its checkpoint and folds no event twice', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    await runnerOf(store, balances).runUntilCaughtUp()
    await append(store, '1', deposited(6))

    await runnerOf(store, balances).runUntilCaughtUp()

    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 11, events: 2 })
  })

  test('gives the lane back', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    const runner = runnerOf(store, balances)

    await runner.runUntilCaughtUp()

    expect(await runner.status()).toMatchObject([
      {
        state: 'stopped',
        lanes: [{ owner: undefined }],
        position: 1n,
        head: 1n,
        positionsBehind: 0n,
      },
    ])
  })

  test('does nothing on an empty log', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()

    await runnerOf(store, balances).runUntilCaughtUp()

    expect(await balances.get('account-1')).toBeUndefined()
  })

  test('gives an event to all of its keys, and to none where there is none', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5), accountEvents.MoneyWithdrawn({ cents: 2 }))
    const keyed = {
      ...accountBalances,
      key: ({ type, streamId: id }: { readonly type: string; readonly streamId: string }) =>
        type === 'MoneyDeposited' ? [id, 'all', 'all'] : null,
    }

    await runnerOf(store, balances, keyed).runUntilCaughtUp()

    expect(await balances.getMany(['account-1', 'all'])).toEqual(
      new Map([
        ['account-1', { owner: '', cents: 5, events: 1 }],
        ['all', { owner: '', cents: 5, events: 1 }],
      ]),
    )
  })

  test('stops at a row that throws, names the event, and keeps what was committed before', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    await runnerOf(store, balances).runUntilCaughtUp()
    await append(store, '1', accountEvents.MoneyWithdrawn({ cents: 2 }))
    const MoneyWithdrawn = (): never => {
      throw new RangeError('not today')
    }
    const broken = { ...accountBalances, on: { ...accountBalances.on, MoneyWithdrawn } }

    const failed = runnerOf(store, balances, broken).runUntilCaughtUp()

    await expect(failed).rejects.toMatchObject({
      code: 'PROJECTION_FAILED',
      key: 'account-1',
      position: 2n,
      eventType: 'MoneyWithdrawn',
      cause: new RangeError('not today'),
    })
    await expect(failed).rejects.toThrow(ProjectionFailedError)
    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 5, events: 1 })
  })

  test('goes on after the row was corrected', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    const MoneyDeposited = (): never => {
      throw new RangeError('not today')
    }
    await expect(
      runnerOf(store, balances, {
        ...accountBalances,
        on: { ...accountBalances.on, MoneyDeposited },
      }).runUntilCaughtUp(),
    ).rejects.toThrow()

    await runnerOf(store, balances).runUntilCaughtUp()

    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 5, events: 1 })
  })

  test.each([
    ['a Date', new Date(0), 'is a Date'],
    ['undefined', undefined, 'is undefined'],
    ['NaN', Number.NaN, 'is NaN'],
    ['a BigInt', 5n, 'is the BigInt 5'],
  ])('refuses a document that is not JSON: %s', async (_name, owner, problem) => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    const on = {
      ...accountBalances.on,
      MoneyDeposited: (balance: Balance) => ({ ...balance, owner: owner as never }),
    }

    const failed = runnerOf(store, balances, { ...accountBalances, on }).runUntilCaughtUp()

    await expect(failed).rejects.toThrow(NotJsonError)
    await expect(failed).rejects.toThrow(
      `document 'account-1' of 'account-balances' at position 1.owner ${problem}`,
    )
  })

  test('refuses a row that changes its document instead of giving a new one', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5), deposited(6))
    const MoneyDeposited = (balance: Balance): Balance => {
      ;(balance as { cents: number }).cents += 1
      return balance
    }

    const failed = runnerOf(store, balances, {
      ...accountBalances,
      on: { ...accountBalances.on, MoneyDeposited },
    }).runUntilCaughtUp()

    await expect(failed).rejects.toThrow(ProjectionFailedError)
  })

  test('stops at a document that the sink refuses, with its key and reason', async () => {
    const store = openStore()
    const balances = altered(new MemoryReadModel<Balance>(), () => ({
      commit: async () => ({
        refused: new Map([['account-1', new Error('Column cents is too small.')]]),
      }),
    }))
    await append(store, '1', deposited(5))
    const runner = runnerOf(store, balances)

    const failed = runner.runUntilCaughtUp()

    await expect(failed).rejects.toThrow(DocumentRefusedError)
    await expect(failed).rejects.toThrow('Column cents is too small.')
    expect(await runner.status()).toMatchObject([{ state: 'failed', position: undefined }])
  })
})
