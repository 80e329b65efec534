import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { accountBalances, type Balance } from '../domain/account.ts'
import { documentsOf, faultyAt, withdrawn } from './parking-fixture.ts'
import { append, deposited, openStore, present, runnerOf } from './runner-fixture.ts'

const NAME = 'account-balances'

describe('a switch of readers', () => {
  test('by hand waits for whoever asks for it, while both builds go on', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    const manual = { placement: { switch: 'manual' } } as const
    await using runner = runnerOf(store, balances, accountBalances, manual)
    await runner.start()
    await balances.waitFor(await append(store, '1', deposited(1)))

    const [report] = await runner.rebuild(NAME)
    await balances.waitFor(await append(store, '1', deposited(2)))
    const between = await balances.storage.readBuilds()
    const [switched] = await runner.switchReaders(NAME)

    expect(report).toMatchObject({ isLive: false, isIdentical: true })
    expect(between).toMatchObject({ live: { number: 1 }, building: { number: 2 } })
    expect(switched).toMatchObject({ live: { number: 2 }, previous: { number: 1 } })
    expect(await balances.get('account-1')).toMatchObject({ cents: 3 })
    await expect(runner.switchReaders(NAME)).rejects.toThrow('no build is being made')
  })

  test('is refused while keys of the new build are parked, unless it is forced', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', withdrawn(1))
    await append(store, '2', deposited(2))
    await runnerOf(store, balances).runUntilCaughtUp()
    const parking = { placement: { onFailure: 'park' } } as const
    const faulty = runnerOf(store, balances, faultyAt(), parking)

    await expect(faulty.rebuild(NAME)).rejects.toThrow('1 keys of build 2 are parked')
    const refused = await balances.storage.readBuilds()
    const [forced] = await faulty.switchReaders(NAME, { force: true })

    expect(refused).toMatchObject({ live: { number: 1 }, building: { number: 2 } })
    expect(forced).toMatchObject({ live: { number: 2 } })
    expect(await balances.get('account-1')).toBeUndefined()
    expect(await balances.get('account-2')).toMatchObject({ cents: 2 })
  })

  test('to a build that no runner moves is refused, unless it is forced', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1))
    await runnerOf(store, balances).runUntilCaughtUp()
    const renewed = runnerOf(store, balances, { ...accountBalances, version: 2 })
    await renewed.runUntilCaughtUp()
    await append(store, '1', deposited(2))
    await renewed.runUntilCaughtUp()

    await expect(renewed.rollback(NAME)).rejects.toThrow('start code of version 1')
    const refused = await balances.storage.readBuilds()
    const [forced] = await renewed.rollback(NAME, { force: true })

    expect(refused).toMatchObject({ live: { version: 2 }, rolledBack: [] })
    expect(forced).toMatchObject({ live: { version: 1 } })
    expect((await documentsOf(balances)).get('account-1')).toMatchObject({ cents: 1 })
  })

  test('back to lower code is told to a script of the code that was rolled back', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1))
    await runnerOf(store, balances).runUntilCaughtUp()
    const renewed = runnerOf(store, balances, { ...accountBalances, version: 2 })
    await renewed.runUntilCaughtUp()
    await renewed.rollback(NAME, { force: true })
    await renewed.prune(NAME)

    await expect(renewed.runUntilCaughtUp()).rejects.toThrow(
      'version 2 of this code was rolled back',
    )
  })

  test('to a build whose only runner has died is refused after its lease', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1))
    await runnerOf(store, balances).runUntilCaughtUp()
    const { live } = present(await balances.storage.readBuilds())
    const next = runnerOf(store, balances, { ...accountBalances, version: 2 })
    await next.runUntilCaughtUp()
    const { version, fingerprint } = live
    await balances.storage.beat({
      runner: 'dead',
      revision: 'last',
      leaseMs: 300,
      version,
      fingerprint,
    })

    await expect(next.rollback(NAME)).rejects.toThrow('no runner moves build 1')

    const self = { runner: 'test', revision: '', leaseMs: 1, version: 1, fingerprint: '' }
    const members = await balances.storage.beat(self)
    expect(members.map(({ runner }) => runner).toSorted()).toEqual(['dead', 'test'])
    expect(await balances.storage.readBuilds()).toMatchObject({ live: { number: 2 } })
  })

  test('takes no lanes from those who follow, whoever asks for it', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await using following = runnerOf(store, balances)
    await following.start()
    await following.rebuild(NAME)

    await runnerOf(store, balances).rollback(NAME)
    const self = { runner: 'test', revision: '', leaseMs: 1, version: 1, fingerprint: '' }
    const members = await balances.storage.beat(self)

    expect(members.map(({ runner }) => runner).toSorted()).toEqual(
      [following.id, 'test'].toSorted(),
    )
  })
})
