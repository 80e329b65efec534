import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import type { ProjectionRunner, ReadModel } from '../../src/index.ts'
import type { Balance } from '../domain/account.ts'
import { eventually } from '../faults/eventually.ts'
import { altered, append, deposited, openStore, runnerOf } from './runner-fixture.ts'
import { codeOf, ofVersion, untilBuilds, versionsOf } from './versions-fixture.ts'

const NAME = 'account-balances'

describe('a rolling deploy', () => {
  test('keeps the build of the old code fed, and lets each code read and await its own', async () => {
    const store = openStore()
    const shared = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1))
    const old = codeOf(1, store, shared)
    const renewed = codeOf(2, store, shared)
    await using oldRunner = old.runner
    await using renewedRunner = renewed.runner
    await oldRunner.start()
    await renewedRunner.start()
    await untilBuilds(shared, 2, undefined, 1)

    const last = await append(store, '1', deposited(2))
    await Promise.all([old.balances.waitFor(last), renewed.balances.waitFor(last)])

    expect(await old.balances.get('account-1')).toMatchObject({ cents: 3, events: 2 })
    expect(await renewed.balances.get('account-1')).toMatchObject({ cents: 300, events: 2 })
    expect(await shared.get('account-1')).toMatchObject({ cents: 300 })
    expect(await oldRunner.status()).toMatchObject([{ state: 'running', warnings: [] }])
    expect(await renewedRunner.status()).toMatchObject([{ state: 'running', warnings: [] }])
  })

  test('through three versions ends the one whose build is gone, and no other', async () => {
    const store = openStore()
    const shared = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1))
    const second = codeOf(2, store, shared)
    const third = codeOf(3, store, shared)
    await using one = codeOf(1, store, shared).runner
    await using two = second.runner
    await using three = third.runner
    await one.start()
    await two.start()
    await untilBuilds(shared, 2, undefined, 1)
    await three.start()
    await untilBuilds(shared, 3, undefined, 2)

    const last = await append(store, '1', deposited(1))
    await second.balances.waitFor(last)
    await third.balances.waitFor(last)
    await eventually(async () => (await one.status())[0]?.state === 'failed')

    expect(await second.balances.get('account-1')).toMatchObject({ cents: 200, events: 2 })
    expect(await third.balances.get('account-1')).toMatchObject({ cents: 20_000, events: 2 })
    expect(await one.status()).toMatchObject([{ lastError: { code: 'BUILD_MISMATCH' } }])
    expect(await two.status()).toMatchObject([{ state: 'running' }])
    await expect(codeOf(1, store, shared).runner.start()).rejects.toMatchObject({
      code: 'BUILD_MISMATCH',
    })
  })

  test('of two versions at once ends with the higher one', async () => {
    const store = openStore()
    const shared = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1))
    const second = codeOf(2, store, shared)
    const third = codeOf(3, store, shared)
    await using one = codeOf(1, store, shared).runner
    await using two = second.runner
    await using three = third.runner
    await one.start()
    await Promise.all([two.start(), three.start()])
    await eventually(async () => (await versionsOf(shared))[0] === 3)

    await third.balances.waitFor(await append(store, '1', deposited(1)))

    expect(await third.balances.get('account-1')).toMatchObject({ cents: 20_000, events: 2 })
    expect(await three.status()).toMatchObject([{ state: 'running', building: undefined }])
  })

  test('is done once, also by a runner that looked before another one had done it', async () => {
    const store = openStore()
    const shared = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1))
    await codeOf(1, store, shared).runner.runUntilCaughtUp()
    const first = codeOf(2, store, shared)
    const looking = meanwhile(shared, () => first.runner.runUntilCaughtUp())
    const late = codeOf(2, store, looking)

    await using runner = late.runner
    await runner.start()
    await late.balances.waitFor(await append(store, '1', deposited(1)))
    await untilBuilds(shared, 2, undefined, 1)
    await sleep(200) // a runner that began it again would do it now

    expect(await shared.storage.readBuilds()).toMatchObject({
      ...{ newest: 2, live: { number: 2 }, previous: { number: 1 }, dropping: [] },
    })
  })

  test('that was rolled back since a runner looked is not begun again by it', async () => {
    const store = openStore()
    const shared = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1))
    await codeOf(1, store, shared).runner.runUntilCaughtUp()
    const first = codeOf(2, store, shared)
    const looking = meanwhile(shared, async () => {
      await first.runner.runUntilCaughtUp()
      await first.runner.rollback(NAME, { force: true })
    })

    await using runner = codeOf(2, store, looking).runner
    await runner.start()
    await sleep(200)

    expect(await versionsOf(shared)).toEqual([1, undefined, 2])
    expect(await shared.storage.readBuilds()).toMatchObject({ newest: 2 })
  })

  test('is not begun again after a rollback, but by a rebuild', async () => {
    const store = openStore()
    const shared = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1))
    const old = codeOf(1, store, shared)
    const renewed = codeOf(2, store, shared)
    await using oldRunner = old.runner
    await using renewedRunner = renewed.runner
    await oldRunner.start()
    await renewedRunner.start()
    await untilBuilds(shared, 2, undefined, 1)

    await renewedRunner.rollback(NAME)
    await sleep(300)
    const last = await append(store, '1', deposited(1))
    await Promise.all([old.balances.waitFor(last), renewed.balances.waitFor(last)])

    expect(await versionsOf(shared)).toEqual([1, undefined, 2])
    expect(await renewed.balances.get('account-1')).toMatchObject({ cents: 200, events: 2 })
    expect(await renewedRunner.status()).toMatchObject([
      { warnings: [expect.stringContaining('Version 2 of this code was rolled back')] },
    ])
    await oldRunner.prune(NAME)
    await untilBuilds(shared, 1, undefined, undefined)
    await sleep(200) // a runner that began it again would do it now
    expect(await versionsOf(shared)).toEqual([1, undefined, undefined])
    expect(await renewedRunner.status()).toMatchObject([{ state: 'running' }])
    await renewedRunner.rebuild(NAME)
    expect(await versionsOf(shared)).toEqual([2, undefined, 1])
    await eventually(async () => (await warningsOf(renewedRunner)).length === 0)
    expect(await warningsOf(renewedRunner)).toEqual([])
  })

  test('goes forward by a second rollback', async () => {
    const store = openStore()
    const shared = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1))
    await codeOf(1, store, shared).runner.runUntilCaughtUp()
    const renewed = codeOf(2, store, shared)
    await renewed.runner.runUntilCaughtUp()

    await codeOf(1, store, shared).runner.rollback(NAME)
    const back = await versionsOf(shared)
    await renewed.runner.rollback(NAME)

    expect(back).toEqual([1, undefined, 2])
    expect(await versionsOf(shared)).toEqual([2, undefined, 1])
    expect(await shared.storage.readBuilds()).toMatchObject({ rolledBack: [] })
  })
})

describe('a version', () => {
  test.each(['building', 'previous'] as const)(
    'of the %s build is refused by code with another definition of it',
    async (place) => {
      const store = openStore()
      const shared = new MemoryReadModel<Balance>()
      const manual = { placement: { switch: 'manual' } } as const
      await append(store, '1', deposited(1))
      await codeOf(1, store, shared).runner.runUntilCaughtUp()
      await codeOf(2, store, shared, manual).runner.runUntilCaughtUp()
      const version = place === 'building' ? 2 : 1
      await (place === 'building'
        ? Promise.resolve()
        : codeOf(2, store, shared).runner.switchReaders(NAME))
      const other = { ...ofVersion(version), key: () => 'all' }

      const refused = runnerOf(store, shared, other).start()

      await expect(refused).rejects.toMatchObject({ code: 'BUILD_MISMATCH' })
      await expect(refused).rejects.toThrow(`under the same version ${version}`)
    },
  )

  test('of the live build that no runner feeds is warned of', async () => {
    const store = openStore()
    const shared = new MemoryReadModel<Balance>()
    await append(store, '1', deposited(1))
    const old = codeOf(1, store, shared)
    const renewed = codeOf(2, store, shared)
    await using renewedRunner = renewed.runner
    await old.runner.start()
    await renewedRunner.start()
    await untilBuilds(shared, 2, undefined, 1)
    await renewedRunner.rollback(NAME)

    await eventually(async () => (await warningsOf(renewedRunner)).length === 1)
    const before = await warningsOf(renewedRunner)
    await old.runner.stop()

    expect(before).toEqual([expect.stringContaining('was rolled back')])
    expect(await warningsOf(renewedRunner)).toEqual([
      'No runner feeds build 1 of version 1, which readers see.',
      expect.stringContaining('was rolled back'),
    ])
  })
})

async function warningsOf(runner: ProjectionRunner): Promise<readonly string[]> {
  return (await runner.status()).flatMap(({ warnings }) => warnings)
}

/** A read model of whose builds something is made when a runner has looked at them for the first time, and not yet done anything. */
function meanwhile(shared: ReadModel<Balance>, work: () => Promise<void>): ReadModel<Balance> {
  let done: Promise<void> | undefined
  return altered(shared, (storage) => ({
    beat: async (member) => {
      await (done ??= work())
      return storage.beat(member)
    },
  }))
}
