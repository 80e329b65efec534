// What must compile, and (@ts-expect-error) what must not. Checked by tsc, never run.
import {
  defineAggregate,
  defineEvents,
  event,
  everyEvents,
  or,
  whenState,
  type Repository,
  type SnapshotPolicy,
  type SnapshotSettings,
} from '../../src/index.ts'

interface Meter {
  readonly total: number
  readonly removedAt: Date | null
}

const meterEvents = defineEvents('meter', { MeterRead: event<{ kilowattHours: number }>() })
const base = {
  events: meterEvents,
  initialState: (): Meter => ({ total: 0, removedAt: null }),
  decide: {},
  evolve: { MeterRead: (state: Meter) => state },
}

// Policies infer the state of the aggregate; made elsewhere, they say it themselves.
defineAggregate({
  ...base,
  stateVersion: 2,
  snapshot: {
    policy: or(
      everyEvents(100),
      whenState(({ removedAt }) => removedAt !== null),
    ),
  },
})
const removed = whenState((meter: Meter) => meter.removedAt !== null)
const either = or(everyEvents(100), removed)
either satisfies SnapshotPolicy<Meter>
defineAggregate({ ...base, snapshot: { policy: either, keep: 5 } })
everyEvents(100) satisfies SnapshotPolicy
defineAggregate({
  ...base,
  snapshot: {
    policy: ({ state, version, eventsSinceSnapshot }) =>
      state.total > version + eventsSinceSnapshot,
  },
})

const named = whenState((other: { name: string }) => other.name === '')
// @ts-expect-error a policy of another state
defineAggregate({ ...base, snapshot: { policy: named } })

// Serializers: the state's own type goes in and comes out.
defineAggregate({
  ...base,
  snapshot: {
    toJson: ({ total, removedAt }) => [total, removedAt?.getTime() ?? null],
    fromJson: ([total, at]: [number, number | null]) => ({
      total,
      removedAt: at === null ? null : new Date(at),
    }),
  },
})
const settings: SnapshotSettings<Meter> = {
  // @ts-expect-error a Date is no JSON
  toJson: ({ removedAt }) => removedAt,
  // @ts-expect-error not the whole state
  fromJson: (total: number) => ({ total }),
}
settings satisfies object

declare const repository: Repository
const audit = await repository.audit(defineAggregate(base))
audit.drifts[0]?.path satisfies string | undefined
await repository.audit(defineAggregate(base), '7', { signal: AbortSignal.timeout(1000) })
