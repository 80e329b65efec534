import { randomUUID } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { memoryEventStore } from '../../src/adapters/memory/index.ts'
import {
  CommandRepeatedError,
  Repository,
  streamId,
  WrongExpectedVersionError,
  type EventStore,
} from '../../src/index.ts'
import {
  account,
  accountEvents,
  AccountClosedError,
  InsufficientFundsError,
} from '../domain/account.ts'

const open = (): { readonly store: EventStore; readonly repository: Repository } => {
  const store = memoryEventStore({ catalogs: [accountEvents] })
  return { store, repository: new Repository({ store }) }
}

/** A store in which another writer appends just before each of the first `times` appends. */
function contended(store: EventStore, times: number): EventStore {
  let left = times
  return {
    ...store,
    async append(stream, events, options) {
      if (left-- > 0)
        await store.append(stream, [accountEvents.MoneyDeposited({ cents: 1 })], {
          expectedVersion: 'any',
        })
      return store.append(stream, events, options)
    },
  }
}

describe('execute', () => {
  test('appends what the command leads to and gives the state after it', async () => {
    const { repository } = open()
    await repository.execute(account, '42', { type: 'Open', owner: 'Ada' })

    const executed = await repository.execute(account, '42', { type: 'Deposit', cents: 100 })

    expect(executed).toMatchObject({ state: { cents: 100 }, version: 2, position: 2n })
    expect(
      executed.events.map(({ type, version, position, schemaVersion }) => ({
        type,
        version,
        position,
        schemaVersion,
      })),
    ).toEqual([{ type: 'MoneyDeposited', version: 2, position: 2n, schemaVersion: 1 }])
  })

  test('gives the events as the store recorded them', async () => {
    expect.assertions(1)
    const { store, repository } = open()

    const { events } = await repository.execute(
      account,
      '42',
      { type: 'Open', owner: 'Ada', cents: 5 },
      { commandId: 'c1' },
    )

    for await (const page of store.readStream(streamId('account', '42')))
      expect(JSON.stringify(page.events)).toEqual(JSON.stringify(events))
  })

  test('decides again on the newer state when another writer was first', async () => {
    const { store } = open()
    await store.append(streamId('account', '42'), [accountEvents.MoneyDeposited({ cents: 10 })], {
      expectedVersion: 'no-stream',
    })
    const repository = new Repository({ store: contended(store, 2) })

    const { state, version } = await repository
      .execute(account, '42', { type: 'Withdraw', cents: 12 })
      .catch(() => repository.execute(account, '42', { type: 'Withdraw', cents: 10 }))

    expect({ state, version }).toEqual({ state: { isClosed: false, cents: 2 }, version: 4 })
  })

  test('gives up with the conflict after the retries allowed', async () => {
    const { store } = open()
    const repository = new Repository({ store: contended(store, 3), conflictRetries: 2 })

    const refused = repository.execute(account, '42', { type: 'Deposit', cents: 10 })

    await expect(refused).rejects.toThrow(WrongExpectedVersionError)
  })

  test('succeeds on the last retry allowed', async () => {
    const { store } = open()
    const repository = new Repository({ store: contended(store, 2), conflictRetries: 2 })

    const { version } = await repository.execute(account, '42', { type: 'Deposit', cents: 10 })

    expect(version).toBe(3)
  })

  test('hands the errors of the domain on untouched and decides once', async () => {
    const { repository } = open()
    let decisions = 0
    const counting = {
      ...account,
      decide: {
        ...account.decide,
        Greet: () => {
          decisions++
          throw new InsufficientFundsError('no')
        },
      },
    }

    const refused = repository.execute(counting, '42', { type: 'Greet' })

    await expect(refused).rejects.toThrow(new InsufficientFundsError('no'))
    expect(decisions).toBe(1)
  })

  test('writes nothing when the command leads to nothing', async () => {
    const { store, repository } = open()

    const executed = await repository.execute(account, '42', { type: 'Greet' }, { commandId: 'c1' })

    expect(executed).toEqual({
      state: { isClosed: false, cents: 0 },
      version: 0,
      position: undefined,
      events: [],
      isRepeated: false,
    })
    expect(await store.head()).toBeUndefined()
  })

  test('appends no event that the aggregate itself cannot fold', async () => {
    const { store, repository } = open()
    const broken = {
      ...account,
      evolve: {
        ...account.evolve,
        MoneyDeposited: () => {
          throw new Error('cannot fold')
        },
      },
    }

    const refused = repository.execute(broken, '42', { type: 'Deposit', cents: 1 })

    await expect(refused).rejects.toThrow('cannot fold')
    expect(await store.head()).toBeUndefined()
  })

  test('refuses a command that the aggregate does not take, and names those it takes', async () => {
    const { repository } = open()

    const refused = repository.execute(account, '42', { type: 'Steal' } as never)

    await expect(refused).rejects.toThrow(
      "takes no command 'Steal'. It takes Open, Deposit, Withdraw, Close, Greet.",
    )
  })

  test('loses no deposit among twenty racing writers', async () => {
    const { store } = open()
    const repository = new Repository({ store, conflictRetries: 50 })

    await Promise.all(
      Array.from({ length: 20 }, () =>
        repository.execute(account, '42', { type: 'Deposit', cents: 1 }),
      ),
    )

    expect((await repository.load(account, '42')).state.cents).toBe(20)
  })
})

describe('a repeated command', () => {
  test('is answered with the first outcome and not decided again', async () => {
    const { repository } = open()
    await repository.execute(account, '42', { type: 'Open', owner: 'Ada', cents: 5 })
    const first = await repository.execute(
      account,
      '42',
      { type: 'Close' },
      { commandId: 'close-1' },
    )
    await repository.execute(account, '42', { type: 'Deposit', cents: 7 })

    const again = await repository.execute(
      account,
      '42',
      { type: 'Close' },
      { commandId: 'close-1' },
    )

    expect(first.isRepeated).toBe(false)
    expect(again).toMatchObject({
      isRepeated: true,
      state: first.state,
      version: first.version,
      position: first.position,
    })
    expect(again.events.map(({ id }) => id)).toEqual(first.events.map(({ id }) => id))
    await expect(repository.execute(account, '42', { type: 'Close' })).rejects.toThrow(
      AccountClosedError,
    )
  })

  test('is written once when it races itself', async () => {
    const { repository } = open()

    const all = await Promise.all(
      Array.from({ length: 10 }, () =>
        repository.execute(account, '42', { type: 'Deposit', cents: 5 }, { commandId: 'd1' }),
      ),
    )

    expect((await repository.load(account, '42')).state.cents).toBe(5)
    expect(new Set(all.map(({ events }) => events[0]?.id)).size).toBe(1)
  })

  test('is told by the store when it was appended by hand', async () => {
    const { store } = open()
    const stream = streamId('account', '42')
    await store.append(stream, [accountEvents.MoneyDeposited({ cents: 1 })], {
      expectedVersion: 'any',
      commandId: 'd1',
    })

    const again = store.append(stream, [accountEvents.MoneyDeposited({ cents: 1 })], {
      expectedVersion: 'any',
      commandId: 'd1',
    })

    await expect(again).rejects.toThrow(CommandRepeatedError)
  })
})

describe('metadata', () => {
  test('carries correlation, causation and command ids', async () => {
    const { repository } = open()

    const { events } = await repository.execute(
      account,
      '42',
      { type: 'Deposit', cents: 1 },
      { commandId: 'c1', metadata: { correlationId: 'flow-7', userId: 'ada' } },
    )

    expect(events[0]?.metadata).toEqual({
      correlationId: 'flow-7',
      causationId: 'c1',
      commandId: 'c1',
      userId: 'ada',
    })
  })

  test('begins a correlation of its own when none is given', async () => {
    const ids = ['id-1', randomUUID()]
    const { store } = open()
    const repository = new Repository({ store, newId: () => ids.shift() as string })

    const { events } = await repository.execute(account, '42', { type: 'Deposit', cents: 1 })

    expect(events[0]?.metadata).toEqual({ correlationId: 'id-1', causationId: 'id-1' })
  })
})
