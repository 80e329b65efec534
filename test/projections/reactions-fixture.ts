import { MemoryCheckpoints } from '../../src/adapters/memory/index.ts'
import {
  createCheckpoints,
  createReadModel,
  defineReaction,
  EverfoldError,
  ProjectionRunner,
  react,
  type Checkpoints,
  type EventStore,
  type ReactionContext,
  type ReactionPlacement,
  type ReactionStart,
  type RecordedEvent,
} from '../../src/index.ts'
import { accountEvents } from '../domain/account.ts'
import { altered, silent } from './runner-fixture.ts'

/** What a reaction was run with. */
export interface Run extends ReactionContext {
  readonly stream: string
  readonly cents: number
}

/** A reaction that notes what it was run with, and does something. */
export function noting({
  startAt = 'beginning',
  version = 1,
  does = () => undefined,
  key,
}: {
  readonly startAt?: ReactionStart
  readonly version?: number
  readonly does?: (run: Run) => Promise<void> | void
  readonly key?: (event: RecordedEvent) => string | null
} = {}) {
  const runs: Run[] = []
  const reaction = defineReaction({
    name: 'thank',
    version,
    events: accountEvents,
    startAt,
    key,
    on: {
      MoneyDeposited: async ({ streamId, data }, context) => {
        const run = { ...context, stream: streamId, cents: data.cents }
        runs.push(run)
        await does(run)
      },
    },
  })
  return { reaction, runs, cents: () => runs.map((run) => run.cents) }
}

export function runnerFor(
  store: EventStore,
  { reaction }: ReturnType<typeof noting>,
  {
    checkpoints = new MemoryCheckpoints(),
    leaseMs = 300,
    ...placement
  }: ReactionPlacement & { checkpoints?: Checkpoints; leaseMs?: number } = {},
): ProjectionRunner {
  const projections = [react(reaction).with(checkpoints, placement)]
  return new ProjectionRunner({ store, projections, logger: silent, leaseMs })
}

/** All events of the log. */
export async function eventsOf(store: EventStore): Promise<readonly RecordedEvent[]> {
  const found: RecordedEvent[] = []
  for await (const { events } of store.readAll()) found.push(...events)
  return found
}

export class UnreachableError extends EverfoldError {
  readonly code = 'UNREACHABLE'
  readonly retryable = true
}

/** The same checkpoints for somebody who has to pass something before he writes. */
export function behind(checkpoints: Checkpoints, pass: () => Promise<void> | void): Checkpoints {
  return createCheckpoints((name) => {
    const inner = createReadModel(checkpoints.storageOf(name))
    return altered(inner, (storage) => ({
      writeLane: async (build, step) => {
        await pass()
        return storage.writeLane(build, step)
      },
    })).storage
  })
}
