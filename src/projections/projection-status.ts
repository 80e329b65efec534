import type { GlobalPosition } from '../event-store/global-position.ts'
import type { Build } from './build.ts'

/** How one projection into one read model is doing. */
export interface ProjectionStatus {
  readonly projection: string
  readonly readModel: string
  /** `'retrying'`: something transient failed and is tried again. `'failed'`: it stopped with `lastError`. */
  readonly state: 'stopped' | 'running' | 'rebuilding' | 'retrying' | 'failed'
  /** The build that readers see; undefined: there is none yet. */
  readonly build: Build | undefined
  /** The build that is being made beside it. */
  readonly building: Build | undefined
  /** The runner that has the lane of the live build. */
  readonly owner: string | undefined
  /** How far the live build is; undefined: not begun, or the sink cannot be reached. */
  readonly position: GlobalPosition | undefined
  /** Where the log ends. */
  readonly head: GlobalPosition | undefined
  /** How far it is behind, in positions: at least as many as events. Undefined: the log is empty, or cannot be reached. */
  readonly positionsBehind: bigint | undefined
  /** Events folded a second since it was started. */
  readonly eventsPerSecond: number
  /** The last failure of this runner, also one that it got over. */
  readonly lastError: Error | undefined
}
