import type { Checkpoint } from '../event-store/checkpoint.ts'
import type { EventReader } from '../event-store/event-reader.ts'
import type { Build } from './builds/build.ts'
import type { Setback } from './folding/fold.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import type { LaneTakenError } from './lanes/lane-taken-error.ts'
import type { Logger } from './logger.ts'
import type { LaneReport, OneLaneReport } from './projection-context.ts'
import type { LaneRecord } from './read-model-storage.ts'
import type { RunnerEvents, RunnerListeners } from './runner-events.ts'

export interface TaskProgressOptions {
  readonly projection: string
  readonly readModel: string
  readonly isReaction: boolean
  readonly store: EventReader
  readonly logger: Logger
  readonly listeners: RunnerListeners
}

const RUNNER = 'runner'

/**
 * `'retrying'`: something transient failed and is tried again. `'failed'`: it, or a lane, stopped with an error. `'paused'`: nobody moves it until it is resumed.
 */
export type ProjectionState =
  'stopped' | 'running' | 'rebuilding' | 'retrying' | 'paused' | 'failed'

/** How one projection is doing in this runner: told by its lanes, shown by `status()`, events and the log. */
export class TaskProgress implements LaneReport {
  readonly #options: TaskProgressOptions
  #phase: 'stopped' | 'running' | 'failed' = 'stopped'
  /** Names of lanes that are tried again, and `RUNNER` for what is not a lane's. */
  readonly #retrying = new Set<string>()
  #isFollowing = false
  #lastError: Error | undefined
  #rate = { since: performance.now(), events: 0 }
  #isRebuilding = false
  /** Where the log ended when following began; undefined: not known yet, or it was empty. */
  #target: Checkpoint | undefined | 'reached' | 'unknown' = 'unknown'
  isPaused = false

  constructor(options: TaskProgressOptions) {
    this.#options = options
  }

  get state(): ProjectionState {
    if (this.#phase === 'failed') return 'failed'
    if (this.#isRebuilding) return 'rebuilding'
    if (this.#phase === 'running' && this.isPaused) return 'paused'
    return this.#phase === 'running' && this.#retrying.size > 0 ? 'retrying' : this.#phase
  }

  get lastError(): Error | undefined {
    return this.#lastError
  }

  /** Events folded a second since it was started. */
  get eventsPerSecond(): number {
    const seconds = (performance.now() - this.#rate.since) / 1000
    return seconds > 0 ? this.#rate.events / seconds : 0
  }

  begins(): void {
    this.#isFollowing = true
    this.#phase = 'running'
    this.#retrying.clear()
    this.#target = 'unknown'
    this.#rate = { since: performance.now(), events: 0 }
  }

  /** Lanes that had failed are tried again. */
  resumes(): void {
    if (this.#isFollowing) this.#phase = 'running'
  }

  stops(): void {
    this.#isFollowing = false
    if (this.#phase !== 'failed') this.#phase = 'stopped'
  }

  /** Keeps the state of work that runs until it is done, stopped or failed. */
  async during(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    this.begins()
    try {
      await work()
      this.stops()
    } catch (error) {
      if (signal.aborted) this.stops()
      else this.#fails(error)
      throw error
    }
  }

  async whileRebuilding<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#isRebuilding = true
    try {
      return await work()
    } finally {
      this.#isRebuilding = false
    }
  }

  /** @returns true: all lanes of the build hold what the log held when following began, and this is the first time that it shows. */
  async sees(build: Build, records: readonly LaneRecord[]): Promise<boolean> {
    if (this.#target === 'reached') return false
    if (this.#target === 'unknown') this.#target = await this.#options.store.head()
    const target = this.#target
    const isReached = records
      .slice(0, build.lanes)
      .every(({ checkpoint }) => (checkpoint?.position ?? 0n) >= (target?.position ?? 0n))
    if (!isReached) return false
    this.#target = 'reached'
    this.#emit('caughtUp', { position: target?.position })
    return true
  }

  runs(): void {
    this.#retrying.delete(RUNNER)
  }

  readonly retries = (error: Error, pauseMs: number): void => {
    this.#retries(RUNNER, { error, pauseMs })
  }

  /** A lane that is well must not hide another one that is not. */
  ofLane(lane: string): OneLaneReport {
    return {
      committed: (events) => {
        this.#rate.events += events
        this.#retrying.delete(lane)
      },
      retries: (error, pauseMs) => {
        this.#retries(lane, { error, pauseMs })
      },
      left: () => this.#retrying.delete(lane),
    }
  }

  parked(lane: number): (setback: Setback<RecordedEvent>) => void {
    return ({ key, event, error }) => {
      this.#lastError = error
      this.#options.logger.warn(
        `${this.#what()} parked key '${key}' at position ${event.position}: ${error?.message}`,
        { error },
      )
      this.#emit('parked', { lane, key, position: event.position, error: error as Error })
    }
  }

  laneLost(lane: number, error: LaneTakenError): void {
    this.#options.logger.info(error.message, { error })
    this.#emit('leaseLost', { lane, owner: error.owner })
  }

  failed(error: unknown): void {
    this.#fails(error)
  }

  /** Reported, not thrown: the read model is filled all the same. */
  isNotShown(error: unknown): void {
    this.#lastError = asError(error)
    this.#options.logger.warn(
      `Readers of '${this.#options.readModel}' from outside do not see its live build yet: ${this.#lastError.message}`,
      { error },
    )
  }

  /** Reported, not thrown: it only takes room, and is tried again. */
  isNotDropped(error: unknown): void {
    this.#lastError = asError(error)
    this.#options.logger.warn(
      `Builds of '${this.#options.readModel}' that are not needed any more are not dropped yet: ${this.#lastError.message}`,
      { error },
    )
  }

  /** Reported, not thrown: only readers are slower. */
  readonly isUnfinished = (error: unknown): void => {
    this.#lastError = asError(error)
    this.#options.logger.warn(
      `Read model '${this.#options.readModel}' lacks what readers need, e.g. indexes: ${this.#lastError.message}`,
      { error },
    )
  }

  #retries(
    what: string,
    { error, pauseMs }: { readonly error: Error; readonly pauseMs: number },
  ): void {
    this.#retrying.add(what)
    this.#lastError = error
    this.#options.logger.warn(
      `${this.#what()} is tried again in ${Math.round(pauseMs)} ms: ${error.message}`,
      { error },
    )
  }

  #fails(error: unknown): void {
    this.#phase = 'failed'
    this.#lastError = asError(error)
    this.#options.logger.error(`${this.#what()} stopped: ${this.#lastError.message}`, { error })
    this.#emit('error', { error: this.#lastError })
  }

  #emit<Name extends keyof RunnerEvents>(
    name: Name,
    facts: Omit<RunnerEvents[Name], 'projection' | 'readModel'>,
  ): void {
    const { projection, readModel, listeners } = this.#options
    listeners.emit(name, { projection, readModel, ...facts } as RunnerEvents[Name])
  }

  #what(): string {
    const { projection, readModel, isReaction } = this.#options
    return isReaction
      ? `Reaction '${projection}'`
      : `Projection '${projection}' into '${readModel}'`
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
