import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { memoryEventStore, memorySnapshotStore } from '../../src/adapters/memory/index.ts'
import {
  everyEvents,
  or,
  Repository,
  whenState,
  type AggregateMoment,
  type RecordedEvent,
  type SnapshotPolicy,
  type SnapshotStore,
} from '../../src/index.ts'
import { counter, counterEvents, Told, type Counter } from './counter.ts'

/** What happens to one attempt to keep a snapshot: a process can die before and after it. */
type Fate = 'kept' | 'lost' | 'kept, reply lost' | 'never ends'

interface Step {
  readonly command: 'Add' | 'Multiply'
  readonly amounts: readonly number[]
  /** Milliseconds between this command and the one before, by the store's clock; it can step back. */
  readonly clockStep: number
  /** How long ago it happened, in milliseconds; in the future, too. */
  readonly dated: number | undefined
  readonly fate: Fate
  /** Whether the process that executes it starts anew. */
  readonly isRestarted: boolean
}

const step: fc.Arbitrary<Step> = fc.record({
  command: fc.constantFrom('Add', 'Multiply'),
  amounts: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 4 }),
  clockStep: fc.constantFrom(0, 0, 1, 1000, -500),
  dated: fc.option(fc.constantFrom(0, 5000, -700), { nil: undefined }),
  fate: fc.constantFrom('kept', 'kept', 'kept', 'lost', 'kept, reply lost', 'never ends'),
  isRestarted: fc.boolean(),
})

const policy: fc.Arbitrary<SnapshotPolicy<never>> = fc.oneof(
  fc.integer({ min: 1, max: 6 }).map(everyEvents),
  fc.constant(whenState(({ total }: Counter) => total % 2 === 0)),
  fc.constant(
    or(
      everyEvents(5),
      whenState(({ last }: Counter) => last[0] === 0),
    ),
  ),
)

test('a load with snapshots is the fold of all events, at every moment, whatever became of them', async () => {
  const used = { loads: 0 }
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      policy,
      fc.integer({ min: 1, max: 4 }),
      async (steps, snapshotPolicy, keepSnapshots) => {
        const { open, events } = await lived(steps, { snapshotPolicy, keepSnapshots })
        const { repository, full } = open()

        for (const moment of momentsOf(events)) {
          const loaded = await repository.load(counter, 'a', moment)
          expect(loaded).toEqual(await full.load(counter, 'a', moment))
        }
        for (let fromVersion = 1; fromVersion <= events.length + 1; fromVersion++)
          expect(await historyOf(repository, fromVersion)).toEqual(
            await historyOf(full, fromVersion),
          )
        expect((await repository.audit(counter)).drifts).toEqual([])
        used.loads += repository.snapshotCounts.used
      },
    ),
    { numRuns: 120 },
  )
  expect(used.loads).toBeGreaterThan(1000)
})

/** Executes the steps, each time with what its fate does to snapshots. */
async function lived(
  steps: readonly Step[],
  options: { readonly snapshotPolicy: SnapshotPolicy<never>; readonly keepSnapshots: number },
) {
  let now = Date.UTC(2026, 0, 1)
  const store = memoryEventStore({ catalogs: [counterEvents], now: () => new Date(now) })
  const inner = memorySnapshotStore()
  let fate: Fate = 'kept'
  const snapshots: SnapshotStore = {
    find: (id, bounds) => inner.find(id, bounds),
    delete: (id, version) => inner.delete(id, version),
    save: async (snapshot, saving) => {
      if (fate === 'never ends') return new Promise(() => undefined)
      if (fate !== 'lost') await inner.save(snapshot, saving)
      if (fate !== 'kept') throw new Error(fate)
    },
  }
  const open = () => ({
    repository: new Repository({
      ...{ store, snapshots, logger: new Told() },
      ...{ ...options, snapshotPolicy: options.snapshotPolicy as SnapshotPolicy },
    }),
    full: new Repository({ store }),
  })
  let { repository } = open()
  for (const { command, amounts, clockStep, dated, ...rest } of steps) {
    fate = rest.fate
    now += clockStep
    if (rest.isRestarted) repository = open().repository
    const at = dated === undefined ? {} : { at: new Date(now - dated) }
    await (command === 'Add'
      ? repository.execute(counter, 'a', { type: 'Add', amounts, ...at })
      : repository.execute(counter, 'a', { type: 'Multiply', factor: amounts[0] ?? 1, ...at }))
    await new Promise((resolve) => setImmediate(resolve)) // idle() would wait for what never ends
  }
  const events: RecordedEvent[] = []
  for await (const { event } of open().full.history(counter, 'a')) events.push(event)
  return { open, events }
}

/** Now, every version, and the times of all events with the milliseconds around them. */
function momentsOf(events: readonly RecordedEvent[]): readonly (AggregateMoment | undefined)[] {
  const around = (date: Date) => [-1, 0, 1].map((ms) => new Date(date.getTime() + ms))
  return [
    undefined,
    { atVersion: 0 },
    ...events.map(({ version }) => ({ atVersion: version })),
    ...events.flatMap(({ recordedAt }) => around(recordedAt).map((each) => ({ recordedAt: each }))),
    ...events.flatMap(({ occurredAt }) => around(occurredAt).map((each) => ({ occurredAt: each }))),
  ]
}

async function historyOf(repository: Repository, fromVersion: number): Promise<string> {
  const states: unknown[] = []
  for await (const { state, event } of repository.history(counter, 'a', { fromVersion }))
    states.push([event.version, state])
  return JSON.stringify(states)
}
