import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { checkPageSize } from '../event-store/page-size.ts'
import type { Feed } from './lanes/lane-options.ts'
import { SharedFeed } from './lanes/shared-feed.ts'
import { warningLogger } from './logger.ts'
import { filterOf, fingerprintOf, unionOf } from './projection-filter.ts'
import type { AnyTask } from './projection-operations.ts'
import type { ProjectionRunnerOptions } from './runner-options.ts'
import { ProjectionTask } from './projection-task.ts'
import type { Placed } from './registration.ts'
import type { RunnerListeners } from './runner-events.ts'
import { TaskProgress } from './task-progress.ts'

/** With 2000, pages grow old in memory before they are folded: a build from nothing takes 3 % longer. */
const PAGE_SIZE = 1000

const LEASE_MS = { default: 6000, least: 100, most: 600_000 }

/** @throws {TypeError | RangeError} two projections of one name, two projections into one read model, an option out of its range. */
export function makeTasks(
  options: ProjectionRunnerOptions,
  { runner, listeners }: { readonly runner: string; readonly listeners: RunnerListeners },
): readonly AnyTask[] {
  const { store, projections, logger = warningLogger, pageSize } = options
  const { cacheBytes = 64 * 2 ** 20, leaseMs = LEASE_MS.default } = options
  if (!Number.isSafeInteger(cacheBytes) || cacheBytes < 1)
    throw new RangeError(`cacheBytes is ${cacheBytes}. Use a whole number of bytes from 1.`)
  if (!(leaseMs >= LEASE_MS.least && leaseMs <= LEASE_MS.most))
    throw new RangeError(`leaseMs is ${leaseMs}. Use a number of milliseconds from 100 to 600,000.`)
  checkPageSize(pageSize)
  const filters = projections.map(({ use }) => use(({ definition }) => filterOf<never>(definition)))
  const { types, categories } = unionOf(filters)
  const shared = new SharedFeed((after, signal, partition) =>
    store.subscribe({
      ...{ after, types, categories, partition, signal },
      pageSize: pageSize ?? PAGE_SIZE,
    }),
  )
  const make = <Document, Event extends RecordedEvent>(
    placed: Placed<Document, Event>,
  ): AnyTask => {
    const { definition: projection, placement, ...kept } = placed
    const { storage } = kept
    const names = { projection: projection.name, readModel: storage.name }
    const isReaction = kept.startAt !== undefined
    const progress = new TaskProgress({ ...names, isReaction, store, logger, listeners })
    const definition = { filter: filterOf(projection), fingerprint: fingerprintOf(projection) }
    const { onFailure = 'stop' } = placement
    const running = { store, runner, leaseMs, cacheBytes, onFailure, report: progress }
    const context = { projection, ...kept, ...definition, ...running }
    const following: Feed = (after, signal, wanted) => shared.pages(after, signal, wanted)
    return new ProjectionTask({
      context,
      placement,
      progress,
      fillPageSize: pageSize ?? storage.fillPageSize ?? PAGE_SIZE,
      following,
    }) as unknown as AnyTask
  }
  const tasks = projections.map(({ use }) => use(make))
  refuseDoubles(tasks)
  return tasks
}

function refuseDoubles(tasks: readonly AnyTask[]): void {
  const all = tasks.map(({ context }) => context)
  for (const [index, { projection, storage, startAt }] of all.entries())
    for (const other of all.slice(0, index)) {
      const { name } = projection
      if (projection !== other.projection && name === other.projection.name)
        throw new TypeError(`Two projections are named '${name}'. Give each a name of its own.`)
      const isOneKind = (startAt === undefined) === (other.startAt === undefined)
      const isOneSink = storage.sink === other.storage.sink
      if (isOneKind && isOneSink && storage.name === other.storage.name)
        throw new TypeError(
          `Two projections fill read model '${storage.name}': '${other.projection.name}' and '${name}'. Give each a read model of its own.`,
        )
    }
}
