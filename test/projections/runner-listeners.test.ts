import { describe, expect, test } from '@jest/globals'
import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import { project, ProjectionRunner } from '../../src/index.ts'
import { type Balance } from '../domain/account.ts'
import { eventually } from '../faults/eventually.ts'
import { faultyAt, withdrawn } from './parking-fixture.ts'
import { append, deposited, openStore, silent } from './runner-fixture.ts'

/** A runner that parks, and what its logger was told as an error. */
function parking() {
  const store = openStore()
  const balances = new MemoryReadModel<Balance>()
  const logged: unknown[] = []
  const error = (message: string, facts?: object) => logged.push([message, facts])
  const runner = new ProjectionRunner({
    store,
    projections: [project(faultyAt()).into(balances, { onFailure: 'park' })],
    logger: { ...silent, error },
  })
  return { store, balances, runner, logged }
}

describe('a listener', () => {
  test('that throws is told to the logger, and harms neither the lane nor other listeners', async () => {
    const { store, balances, logged, ...made } = parking()
    await using runner = made.runner
    const told: string[] = []
    runner.on('parked', () => {
      throw new RangeError('not today')
    })
    runner.on('parked', ({ key }) => told.push(key))
    await runner.start()
    await append(store, 'odd', withdrawn(1))

    await balances.waitFor(await append(store, '1', deposited(5)))

    expect(logged).toEqual([
      [
        "A listener of 'parked' failed. The runner goes on; correct the listener: not today",
        { error: new RangeError('not today') },
      ],
    ])
    expect(told).toEqual(['account-odd'])
    expect(await balances.get('account-1')).toMatchObject({ cents: 5 })
    expect(await runner.status()).toMatchObject([{ state: 'running' }])
  })

  test('that is asynchronous and rejects is told to the logger', async () => {
    const { logged, ...made } = parking()
    await using runner = made.runner
    runner.on('caughtUp', async () => Promise.reject(new RangeError('not today')))

    await runner.start()
    await eventually(() => logged.length > 0)

    expect(logged).toEqual([
      [expect.stringContaining("A listener of 'caughtUp' failed."), expect.anything()],
    ])
  })
})
