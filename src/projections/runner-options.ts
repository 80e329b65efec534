import type { EventStore } from '../event-store/event-store.ts'
import type { Logger } from './logger.ts'
import type { Registration } from './registration.ts'

export interface ProjectionRunnerOptions {
  readonly store: EventStore
  /** What to run: `project(projection).into(readModel)`, `react(reaction).with(checkpoints)`, `sqlProjection({ ... }).into({ database })`. */
  readonly projections: readonly Registration[]
  /** Told what happens in the background. Default: warnings of the process (`process.on('warning', ...)`). */
  readonly logger?: Logger | undefined
  /** Most bytes of documents held in memory per lane. Default 64 MiB. */
  readonly cacheBytes?: number | undefined
  /** Events per page and commit, 1 to 10,000. Default 1000; to catch up with the log (a rebuild, `runUntilCaughtUp`), 2000 into Redis and 5000 into Elasticsearch. */
  readonly pageSize?: number | undefined
  /**
   * After how many milliseconds without a sign of this runner others take its lanes, by their own clocks: from 100 to 600,000. Default 6000. Shorter: sooner
   * replaced when it crashes, and sooner taken for gone when it only was slow; it writes nothing then.
   */
  readonly leaseMs?: number | undefined
}
