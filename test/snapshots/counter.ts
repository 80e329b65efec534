import { memoryEventStore, memorySnapshotStore } from '../../src/adapters/memory/index.ts'
import {
  defineAggregate,
  defineEvents,
  event,
  everyEvents,
  Repository,
  type EventStore,
  type Logger,
  type RepositoryOptions,
  type SnapshotStore,
} from '../../src/index.ts'

export const counterEvents = defineEvents('counter', {
  Added: event<{ amount: number }>(),
  Multiplied: event<{ factor: number }>(),
})

/** Its state depends on the order of its events. */
export interface Counter {
  readonly total: number
  readonly last: readonly number[]
}

export const counter = defineAggregate({
  events: counterEvents,
  initialState: (): Counter => ({ total: 0, last: [] }),
  decide: {
    Add: (_, { amounts, at }: { amounts: readonly number[]; at?: Date }) =>
      amounts.map((amount) => counterEvents.Added({ amount }, { occurredAt: at })),
    Multiply: (_, { factor, at }: { factor: number; at?: Date }) => [
      counterEvents.Multiplied({ factor }, { occurredAt: at }),
    ],
  },
  evolve: {
    Added: ({ total, last }, { data: { amount } }) => ({
      total: (total + amount) % 1_000_003,
      last: [...last.slice(-2), amount],
    }),
    Multiplied: ({ total, last }, { data: { factor } }) => ({
      total: ((total * factor) % 1_000_003) + 0, // no -0, which JSON does not keep
      last,
    }),
  },
})

/** What a logger was told, by level. */
export class Told implements Logger {
  readonly warnings: string[] = []
  readonly errors: string[] = []
  readonly infos: string[] = []

  debug(): void {
    return undefined
  }
  info(message: string): void {
    this.infos.push(message)
  }
  warn(message: string): void {
    this.warnings.push(message)
  }
  error(message: string): void {
    this.errors.push(message)
  }
}

/** A repository with snapshots after every two events, and what it works with. */
export function open(options: Partial<RepositoryOptions> = {}): {
  readonly repository: Repository
  readonly store: EventStore
  readonly snapshots: SnapshotStore
  readonly told: Told
  readonly full: Repository
} {
  const told = new Told()
  const store = options.store ?? memoryEventStore({ catalogs: [counterEvents] })
  const snapshots = options.snapshots ?? memorySnapshotStore()
  const defaults = { snapshotPolicy: everyEvents(2), logger: told }
  const repository = new Repository({ ...defaults, ...options, store, snapshots })
  return { repository, store, snapshots, told, full: new Repository({ store }) }
}

/** Adds some numbers by one command each, and waits for the snapshots. */
export async function add(
  repository: Repository,
  id: string,
  ...amounts: readonly number[]
): Promise<void> {
  for (const amount of amounts) {
    await repository.execute(counter, id, { type: 'Add', amounts: [amount] })
    await repository.idle()
  }
}
