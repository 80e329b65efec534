import { expect, test } from '@jest/globals'
import { MemoryEventStorage } from '../../src/adapters/memory/memory-event-storage.ts'
import { memorySnapshotStore } from '../../src/adapters/memory/index.ts'
import {
  createEventStore,
  defineAggregate,
  defineEvents,
  drop,
  event,
  everyEvents,
  Repository,
  streamId,
} from '../../src/index.ts'
import { Told } from './counter.ts'

const olderEvents = defineEvents('tally', {
  Counted: event<number>(),
  Pair: event<[number, number]>(),
  Seen: event<null>(),
})

const events = defineEvents(
  'tally',
  { Counted: event<number>() },
  {
    retired: {
      Pair: {
        1: ([one, other]: [number, number]) => [
          { type: 'Counted', data: one },
          { type: 'Counted', data: other },
        ],
      },
      Seen: { 1: () => drop },
    },
  },
)

/** Its state holds each event in its place, so that a part which is lost or folded twice shows. */
const tallyOf = (stateVersion: number) =>
  defineAggregate({
    events,
    initialState: (): { readonly seen: readonly number[] } => ({ seen: [] }),
    decide: { Count: (_, { value }: { value: number }) => [events.Counted(value)] },
    evolve: { Counted: ({ seen }, { data }) => ({ seen: [...seen, data] }) },
    stateVersion,
  })

test('snapshots begin and end beside split and dropped events, never inside', async () => {
  const storage = new MemoryEventStorage()
  const older = createEventStore(storage, { catalogs: [olderEvents] })
  const store = createEventStore(storage, { catalogs: [events] })
  const snapshots = memorySnapshotStore()
  const options = { store, snapshots, snapshotPolicy: everyEvents(1), logger: new Told() }
  const repository = new Repository(options)
  const stream = streamId('tally', '1')
  const append = (...given: Parameters<typeof older.append>[1]) =>
    older.append(stream, given, { expectedVersion: 'any' })

  await append(olderEvents.Pair([1, 2]), olderEvents.Seen(null))
  await repository.execute(tallyOf(1), '1', { type: 'Count', value: 3 })
  await append(olderEvents.Seen(null), olderEvents.Pair([4, 5]), olderEvents.Seen(null))
  await repository.idle()
  const behind = await repository.load(tallyOf(1), '1')
  // The snapshot of the older state is of no use: the next one is taken of the last event that is left, both of whose parts it holds.
  const refolded = await repository.load(tallyOf(2), '1')
  await repository.idle()
  const snapshot = await snapshots.find(stream, { fingerprint: 'any' })
  const again = await repository.load(tallyOf(2), '1')
  const { events: decided } = await repository.execute(tallyOf(2), '1', { type: 'Count', value: 6 })
  const audit = await repository.audit(tallyOf(2))

  expect(behind).toMatchObject({ state: { seen: [1, 2, 3, 4, 5] }, version: 6 })
  expect(refolded).toEqual(behind)
  expect(snapshot).toMatchObject({ version: 5, state: '{"seen":[1,2,3,4,5]}' })
  expect(again).toEqual(behind)
  expect(decided.map(({ version }) => version)).toEqual([7])
  expect(audit).toMatchObject({ ignored: 1, drifts: [] })
  expect(repository.snapshotCounts).toMatchObject({ used: 3, ignored: 1, failed: 0 })
})
