import { describe, expect, test } from '@jest/globals'
import { memoryEventStore, memorySnapshotStore } from '../../src/adapters/memory/index.ts'
import {
  defineAggregate,
  everyEvents,
  or,
  Repository,
  streamId,
  whenState,
  type SnapshotStore,
} from '../../src/index.ts'
import { add, counter, counterEvents, open, Told, type Counter } from './counter.ts'

const stream = streamId('counter', 'a')
const newest = (snapshots: SnapshotStore) => snapshots.find(stream, { fingerprint: 'any' })

/** A snapshot store that does some things differently. */
const altered = (alter: Partial<SnapshotStore>): SnapshotStore => {
  const inner = memorySnapshotStore()
  return {
    find: (id, bounds) => inner.find(id, bounds),
    save: (snapshot, options) => inner.save(snapshot, options),
    delete: (id, version) => inner.delete(id, version),
    ...alter,
  }
}

describe('a snapshot', () => {
  test('is taken when the policy says so, and shortens the next load', async () => {
    const { repository, snapshots } = open()
    await add(repository, 'a', 1, 2, 3)

    const { state, version, position } = await repository.load(counter, 'a')

    expect({ state, version, position }).toEqual({
      state: { total: 6, last: [1, 2, 3] },
      version: 3,
      position: 3n,
    })
    expect(await newest(snapshots)).toMatchObject({ version: 2, state: '{"total":3,"last":[1,2]}' })
    expect(repository.snapshotCounts).toEqual({
      ...{ taken: 1, failed: 0, skipped: 0 },
      ...{ used: 2, ignored: 0 },
    })
  })

  test('is all that a load reads but the events after it', async () => {
    const { repository, store, snapshots } = open()
    await add(repository, 'a', 1, 2, 3, 4, 5)
    const ranges: unknown[] = []
    const counting = new Repository({
      store: {
        ...store,
        readStream: (id, range) => {
          ranges.push(range)
          return store.readStream(id, range)
        },
      },
      snapshots,
    })

    const { state } = await counting.load(counter, 'a')

    expect(state.total).toBe(15)
    expect(ranges).toMatchObject([{ fromVersion: 4 }])
  })

  test('records the greatest times that it folded', async () => {
    const { repository, snapshots } = open()
    const [early, late] = [new Date('1999-01-01'), new Date('2030-01-01')]
    await repository.execute(counter, 'a', { type: 'Add', amounts: [1], at: late })
    await repository.execute(counter, 'a', { type: 'Add', amounts: [1], at: early })
    await repository.idle()

    const snapshot = await newest(snapshots)

    expect(snapshot?.occurredAtMs).toBe(late.getTime())
    expect(snapshot?.recordedAtMs).toBeLessThan(late.getTime())
  })

  test('is taken by the policy of its aggregate, if that has one', async () => {
    const large = defineAggregate({
      ...counter,
      snapshot: {
        policy: or(
          everyEvents(50),
          whenState(({ total }: Counter) => total > 10),
        ),
        keep: 1,
      },
    })
    const { repository, snapshots } = open()
    const execute = async (amount: number) => {
      await repository.execute(large, 'a', { type: 'Add', amounts: [amount] })
      await repository.idle()
    }
    await execute(1)
    await execute(2)
    const before = await newest(snapshots)

    await execute(9)
    await execute(1)

    expect(before).toBeUndefined()
    expect(await newest(snapshots)).toMatchObject({ version: 4 })
    expect(await snapshots.find(stream, { fingerprint: 'any', maxVersion: 3 })).toBeUndefined()
  })

  test('is kept as it was when its caller changes the state that it was given', async () => {
    const { repository, snapshots } = open({ snapshotPolicy: everyEvents(1) })
    const executed = await repository.execute(counter, 'a', { type: 'Add', amounts: [1] })
    Object.assign(executed.state, { total: 1000 })
    await repository.idle()

    expect(await newest(snapshots)).toMatchObject({ state: '{"total":1,"last":[1]}' })
  })
})

describe('taking snapshots', () => {
  test('keeps nobody waiting, and is one at a time for each aggregate', async () => {
    const saved: (() => void)[] = []
    const snapshots = altered({ save: () => new Promise((resolve) => saved.push(resolve)) })
    const { repository } = open({ snapshots, snapshotPolicy: everyEvents(1) })
    for (const amount of [1, 2, 3])
      await repository.execute(counter, 'a', { type: 'Add', amounts: [amount] })
    await repository.execute(counter, 'b', { type: 'Add', amounts: [1] })
    const idle = repository.idle().then(() => 'idle')
    const meanwhile = await Promise.race([idle, new Promise((resolve) => setImmediate(resolve))])
    const underWay = saved.length

    for (const resolve of saved) resolve()

    expect(await idle).toBe('idle')
    expect([meanwhile, underWay]).toEqual([undefined, 2])
    expect(repository.snapshotCounts).toMatchObject({ taken: 2, skipped: 2 })
  }, 3000)

  test('holds no more than 64 in memory, however slow the store is', async () => {
    const saved: (() => void)[] = []
    const snapshots = altered({ save: () => new Promise((resolve) => saved.push(resolve)) })
    const { repository } = open({ snapshots, snapshotPolicy: everyEvents(1) })
    for (let id = 0; id < 70; id++)
      await repository.execute(counter, String(id), { type: 'Add', amounts: [1] })

    for (const resolve of saved) resolve()
    await repository.idle()

    expect(repository.snapshotCounts).toMatchObject({ taken: 64, skipped: 6 })
  })

  test('that fails is reported and counted, and no command fails because of it', async () => {
    const snapshots = altered({ save: () => Promise.reject(new Error('The disk is full.')) })
    const { repository, told } = open({ snapshots })

    await add(repository, 'a', 1, 2, 3)

    expect((await repository.load(counter, 'a')).state.total).toBe(6)
    expect(repository.snapshotCounts).toMatchObject({ taken: 0, failed: 2 })
    expect(told.warnings[0]).toBe("No snapshot of 'counter-a' was taken: The disk is full.")
  })

  test('by a store that throws at once, or a policy that throws, fails no command', async () => {
    const snapshots = altered({
      save: () => {
        throw new Error('No store.')
      },
    })
    const policy = (): never => {
      throw new Error('No policy.')
    }
    const { repository, told } = open({ snapshots })
    const other = open({ snapshotPolicy: policy })

    await add(repository, 'a', 1, 2)
    await add(other.repository, 'a', 1)

    expect(told.warnings).toEqual(["No snapshot of 'counter-a' was taken: No store."])
    expect(other.told.warnings).toEqual(["No snapshot of 'counter-a' was taken: No policy."])
  })

  test('of a state that is no JSON is refused at the first command, and told once', async () => {
    const dated = defineAggregate({
      events: counterEvents,
      initialState: (): { readonly at?: Date } => ({}),
      decide: { Add: () => [counterEvents.Added({ amount: 1 })] },
      evolve: { Added: () => ({ at: new Date(0) }), Multiplied: (state) => state },
    })
    const { repository, told } = open({ snapshotPolicy: everyEvents(2) })
    for (let count = 0; count < 4; count++) await repository.execute(dated, 'a', { type: 'Add' })
    await repository.idle()

    expect(told.errors).toEqual([expect.stringContaining("'at' of its state is a Date")])
    expect(repository.snapshotCounts).toMatchObject({ taken: 0, failed: 4 })
  })

  test('does not happen where a command was refused, decided nothing or was repeated', async () => {
    const { repository, snapshots } = open({ snapshotPolicy: everyEvents(1) })
    await repository.execute(counter, 'a', { type: 'Add', amounts: [] })
    await repository.execute(counter, 'a', { type: 'Add', amounts: [1] }, { commandId: 'c1' })
    await repository.idle()
    const first = await newest(snapshots)
    await repository.execute(counter, 'a', { type: 'Add', amounts: [1] }, { commandId: 'c1' })
    await repository.idle()

    expect(first).toMatchObject({ version: 1 })
    expect(repository.snapshotCounts.taken).toBe(1)
  })
})

describe('a snapshot that is of no use', () => {
  test('of another state version is ignored, told of, and replaced', async () => {
    const { repository, snapshots, told } = open()
    await add(repository, 'a', 1, 2)
    const changed = defineAggregate({
      ...counter,
      stateVersion: 2,
      evolve: { ...counter.evolve, Added: (state) => ({ ...state, total: state.total + 100 }) },
    })

    const first = await repository.load(changed, 'a')
    await repository.idle()
    const second = await repository.load(changed, 'a')

    expect([first.state.total, second.state.total]).toEqual([200, 200])
    expect(told.infos).toEqual([
      expect.stringMatching(/'counter-a' at version 2 was folded by other/),
    ])
    expect(repository.snapshotCounts).toMatchObject({ taken: 2, ignored: 1 })
    expect(await newest(snapshots)).toMatchObject({ state: '{"total":200,"last":[]}' })
  })

  test('with broken JSON is passed over for an older one, and told of', async () => {
    const { repository, snapshots, told } = open()
    await add(repository, 'a', 1, 2, 3, 4, 5)
    const snapshot = await newest(snapshots)
    if (snapshot !== undefined)
      await snapshots.save({ ...snapshot, state: '{"total":' }, { keep: 3 })

    const { state } = await repository.load(counter, 'a')

    expect(state).toEqual({ total: 15, last: [3, 4, 5] })
    expect(told.warnings).toEqual([
      expect.stringMatching(/^The snapshot of 'counter-a' at version 4 cannot be read: .*JSON/),
    ])
  })

  test('because its stream was set back is ignored, told of, and removed', async () => {
    const { repository, snapshots, told } = open()
    await add(repository, 'a', 1, 2, 3, 4)
    const restored = memoryEventStore({ catalogs: [counterEvents] })
    const after = open({ store: restored, snapshots, logger: told })
    await restored.append(stream, [counterEvents.Added({ amount: 50 })], { expectedVersion: 0 })

    const { state, version } = await after.repository.load(counter, 'a')
    await after.repository.idle()
    await after.repository.load(counter, 'a')
    await after.repository.idle()

    expect({ state, version }).toEqual({ state: { total: 50, last: [50] }, version: 1 })
    expect(told.warnings).toEqual([
      expect.stringMatching(/at version 4 is newer than its stream, which is at version 1\. /),
      expect.stringMatching(/at version 2 is newer than its stream, which is at version 1\. /),
    ])
    expect(await newest(snapshots)).toBeUndefined()
  })

  test('because its stream has gone another way since is ignored', async () => {
    const { repository, snapshots, told } = open()
    await add(repository, 'a', 1, 2)
    const restored = memoryEventStore({ catalogs: [counterEvents] })
    const other = new Repository({ store: restored, snapshots, logger: told })
    await add(new Repository({ store: restored }), 'a', 50, 60, 70)

    const { state } = await other.load(counter, 'a')

    expect(state.total).toBe(180)
    expect(told.warnings).toEqual([
      expect.stringMatching(/at version 2 was made of another history: event '.*' stood there/),
    ])
  })

  test('because the store cannot be read costs time only', async () => {
    const snapshots = altered({ find: () => Promise.reject(new Error('No answer.')) })
    const { repository, told } = open({ snapshots })
    await add(repository, 'a', 1, 2)

    const { state } = await repository.load(counter, 'a')

    expect(state.total).toBe(3)
    expect(told.warnings.at(-1)).toBe(
      "The snapshots of 'counter-a' cannot be read, and all its events are folded instead: No answer.",
    )
  })

  test('because the load was given up ends it', async () => {
    const snapshots = altered({ find: () => new Promise(() => undefined) })
    const { repository } = open({ snapshots })
    const controller = new AbortController()

    const load = repository.load(counter, 'a', undefined, { signal: controller.signal })
    controller.abort(new Error('enough'))

    await expect(load).rejects.toThrow('enough')
  })
})

test.each([0, 1.5])('a repository that keeps %d snapshots is refused', (keepSnapshots) => {
  const store = memoryEventStore({ catalogs: [counterEvents] })

  expect(() => new Repository({ store, keepSnapshots, logger: new Told() })).toThrow(TypeError)
})
