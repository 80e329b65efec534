import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { BuildVerificationError, project, ProjectionRunner } from '../../src/index.ts'
import { accountBalances, type Balance } from '../domain/account.ts'
import { eventually } from '../faults/eventually.ts'
import {
  altered,
  append,
  deposited,
  openStore,
  present,
  runnerOf,
  silent,
} from './runner-fixture.ts'

describe('rebuild', () => {
  test('makes an identical build beside the live one and switches to it', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    await append(store, '2', deposited(6))
    const runner = runnerOf(store, balances)
    await runner.runUntilCaughtUp()

    const reports = await runner.rebuild('account-balances')

    expect(reports).toMatchObject([
      {
        isIdentical: true,
        notCompared: undefined,
        documents: 2,
        build: { number: 2 },
        before: { number: 1 },
      },
    ])
    expect(await balances.get('account-2')).toEqual({ owner: '', cents: 6, events: 1 })
  })

  test('works while the runner follows, which then goes on in the new build', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await using runner = runnerOf(store, balances)
    await runner.start()
    await balances.waitFor(await append(store, '1', deposited(5)))

    const [report] = await runner.rebuild('account-balances')
    await balances.waitFor(await append(store, '1', deposited(6)))

    expect(report).toMatchObject({ isIdentical: true, build: { number: 2 } })
    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 11, events: 2 })
    expect(await runner.status()).toMatchObject([{ state: 'running', build: { number: 2 } }])
  })

  test('shows a document of the live build that was tampered with', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    const runner = runnerOf(store, balances)
    await runner.runUntilCaughtUp()
    const { live } = present(await balances.storage.readBuilds())
    const previous = await balances.storage.readLane(live, 0)
    const tampered = {
      key: 'account-1',
      document: { owner: 'Eve', cents: 9, events: 1 },
      position: present(previous.checkpoint).position,
    }
    await balances.storage.commit(
      live,
      { number: 0, previous, next: previous },
      {
        writes: [tampered],
        park: [],
        unpark: [],
      },
    )

    const [report] = await runner.rebuild('account-balances')

    expect(report).toMatchObject({
      isIdentical: false,
      differences: [
        { key: 'account-1', expected: { cents: 5 }, found: { owner: 'Eve', cents: 9 } },
      ],
    })
    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 5, events: 1 })
  })

  test('keeps the live build when the new one differs from a fresh fold', async () => {
    const store = openStore()
    const balances = altered(new MemoryReadModel<Balance>(), (storage) => ({
      commit: (build, step, changes) => {
        const spoil = (write: (typeof changes.writes)[number]): typeof write => ({
          ...write,
          document: { ...present(write.document), cents: -1 },
        })
        const writes = build.number === 1 ? changes.writes : changes.writes.map(spoil)
        return storage.commit(build, step, { ...changes, writes })
      },
    }))
    await append(store, '1', deposited(5))
    const runner = runnerOf(store, balances)
    await runner.runUntilCaughtUp()

    const failed = runner.rebuild('account-balances')

    await expect(failed).rejects.toThrow(BuildVerificationError)
    await expect(failed).rejects.toMatchObject({
      differences: [{ key: 'account-1', expected: { cents: 5 }, found: { cents: -1 } }],
    })
    expect(await balances.get('account-1')).toEqual({ owner: '', cents: 5, events: 1 })
    expect(await balances.storage.readBuilds()).toMatchObject({
      live: { number: 1 },
      building: undefined,
      newest: 2,
    })
  })

  test('resumes the build that an interrupted rebuild left', async () => {
    const store = openStore()
    const inner = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    await runnerOf(store, inner).runUntilCaughtUp()
    const dying = altered(inner, () => ({
      publish: async () => {
        throw new Error('killed')
      },
    }))
    const broken = altered(inner, (storage) => ({
      writeBuilds: async (previous, next) => {
        if (next.live.number === 3) throw new Error('killed')
        return storage.writeBuilds(previous, next)
      },
    }))
    await expect(runnerOf(store, dying).rebuild('account-balances')).rejects.toThrow('killed')
    await expect(runnerOf(store, broken).rebuild('account-balances')).rejects.toThrow('killed')

    const [report] = await runnerOf(store, inner).rebuild('account-balances')

    expect(report).toMatchObject({ isIdentical: true, build: { number: 3 } })
  })

  test('gives the number of an abandoned build to no other', async () => {
    const store = openStore()
    const balances = altered(new MemoryReadModel<Balance>(), (storage) => ({
      commit: (build, step, changes) =>
        storage.commit(build, step, build.number === 2 ? { ...changes, writes: [] } : changes),
    }))
    await append(store, '1', deposited(5))
    const runner = runnerOf(store, balances)
    await runner.runUntilCaughtUp()
    await expect(runner.rebuild('account-balances')).rejects.toThrow(BuildVerificationError)

    const [report] = await runner.rebuild('account-balances')

    expect(report).toMatchObject({
      isIdentical: true,
      build: { number: 3 },
      before: { number: 1 },
    })
  })

  test('drops the build before the previous one', async () => {
    const store = openStore()
    const balances = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    const runner = runnerOf(store, balances)
    await runner.rebuild('account-balances')
    await runner.rebuild('account-balances')

    await runner.rebuild('account-balances')

    expect(await balances.storage.readBuilds()).toMatchObject({
      live: { number: 4 },
      previous: { number: 3 },
      newest: 4,
    })
    const first = {
      number: 1,
      projection: 'account-balances',
      version: 1,
      fingerprint: '',
      lanes: 1,
    }
    await expect(balances.storage.readLane(first, 0)).rejects.toThrow()
  })

  test('ends when the runner is stopped, and nothing goes on behind it', async () => {
    const store = openStore()
    const balances = altered(new MemoryReadModel<Balance>(), (storage) => ({
      commit: async (build, step, changes) => {
        if (build.number === 2) await sleep(5)
        return storage.commit(build, step, changes)
      },
    }))
    await append(store, '1', ...Array.from({ length: 40 }, () => deposited(1)))
    const runner = new ProjectionRunner({
      store,
      projections: [project(accountBalances).into(balances)],
      logger: silent,
      pageSize: 1,
    })
    await runner.start()
    await balances.waitFor((await store.head())?.position)

    const rebuilding = runner.rebuild('account-balances')
    const ended = expect(rebuilding).rejects.toThrow('The runner was stopped.')
    await sleep(30)
    await runner.stop()
    await append(store, '1', deposited(1))
    await sleep(30)

    await ended
    expect(await runner.status()).toMatchObject([
      { state: 'stopped', build: { number: 1 }, building: { number: 2 }, position: 40n },
    ])
  })

  test('waits for the one before it', async () => {
    const runner = runnerOf(openStore(), new MemoryReadModel<Balance>())

    const [[first], [second]] = await Promise.all([
      runner.rebuild('account-balances'),
      runner.rebuild('account-balances'),
    ])

    expect([first?.build.number, second?.build.number]).toEqual([2, 3])
  })

  test('begins anew when the log no longer holds what an interrupted one had folded', async () => {
    const before = openStore()
    const inner = new MemoryReadModel<Balance>()
    await append(before, '1', deposited(5), deposited(6))
    const broken = altered(inner, (storage) => ({
      writeBuilds: async (previous, next) => {
        if (next.live.number === 2) throw new Error('killed')
        return storage.writeBuilds(previous, next)
      },
    }))
    await expect(runnerOf(before, broken).rebuild('account-balances')).rejects.toThrow('killed')
    const restored = openStore()
    await append(restored, '1', deposited(7))

    const [report] = await runnerOf(restored, inner).rebuild('account-balances')

    expect(report).toMatchObject({ build: { number: 3 }, documents: 1 })
    expect(await inner.get('account-1')).toEqual({ owner: '', cents: 7, events: 1 })
  })

  test('begins anew when what an interrupted one left was folded by rows that were corrected since', async () => {
    const store = openStore()
    const inner = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(5))
    const wrong = altered(inner, (storage) => ({
      commit: (build, step, changes) =>
        storage.commit(build, step, build.number === 2 ? { ...changes, writes: [] } : changes),
      scan: () => {
        throw new Error('killed')
      },
    }))
    await expect(runnerOf(store, wrong).rebuild('account-balances')).rejects.toThrow('killed')

    const [report] = await runnerOf(store, inner).rebuild('account-balances')

    expect(report).toMatchObject({ isIdentical: true, build: { number: 3 }, documents: 1 })
  })

  test('finishes what an earlier one was interrupted at while it dropped a build', async () => {
    const store = openStore()
    const inner = new MemoryReadModel<Balance>()
    const dropped: number[] = []
    const dying = altered(inner, () => ({ drop: async () => Promise.reject(new Error('killed')) }))
    await runnerOf(store, inner).rebuild('account-balances')
    await expect(runnerOf(store, dying).rebuild('account-balances')).rejects.toThrow('killed')
    const watched = altered(inner, (storage) => ({
      drop: async (build) => {
        dropped.push(build.number)
        return storage.drop(build)
      },
    }))

    await runnerOf(store, watched).runUntilCaughtUp()

    expect(dropped).toEqual([1])
    expect(await inner.storage.readBuilds()).toMatchObject({ dropping: [] })
  })

  test('leaves a projection that had failed before it failed', async () => {
    const store = openStore()
    const MoneyDeposited = (): never => {
      throw new RangeError('not today')
    }
    const broken = { ...accountBalances, on: { ...accountBalances.on, MoneyDeposited } }
    await append(store, '1', deposited(5))
    await using runner = runnerOf(store, new MemoryReadModel<Balance>(), broken)
    await runner.start()
    await eventually(async () => (await runner.status())[0]?.state === 'failed')

    await expect(runner.rebuild('account-balances')).rejects.toThrow('not today')

    expect(await runner.status()).toMatchObject([{ state: 'failed' }])
  })

  test('refuses a name that no projection has', async () => {
    const runner = runnerOf(openStore(), new MemoryReadModel<Balance>())

    await expect(runner.rebuild('acount-balances')).rejects.toThrow(
      "No projection is named 'acount-balances'. This runner has 'account-balances'.",
    )
  })
})
