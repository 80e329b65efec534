import { randomUUID } from 'node:crypto'
import type { EverfoldError } from '../errors.ts'
import type { EventStore } from '../event-store/event-store.ts'
import { globalPosition, type GlobalPosition } from '../event-store/global-position.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { BuildMismatchError } from './build-mismatch-error.ts'
import type { Build, BuildsRecord } from './build.ts'
import { runLane, type Feed } from './lane.ts'
import type { Logger } from './logger.ts'
import type { Projection } from './projection.ts'
import { fingerprintOf } from './projection-filter.ts'
import type { ProjectionStatus } from './projection-status.ts'
import type { ReadModel } from './read-model.ts'
import type { ReadModelStorage } from './read-model-storage.ts'
import { rebuild, type RebuildReport } from './rebuild.ts'
import { retryTransient } from './retry-transient.ts'

export interface TaskOptions {
  readonly store: EventStore
  /** Names the runner. */
  readonly owner: string
  readonly logger: Logger
  readonly cacheBytes: number
  readonly pageSize: number | undefined
}

/** One projection into one read model, for as long as a runner has it. */
export class ProjectionTask<Document, Event extends RecordedEvent> {
  readonly projection: Projection<Document, Event>
  readonly readModel: ReadModel<Document>
  readonly #options: TaskOptions
  #state: ProjectionStatus['state'] = 'stopped'
  #lastError: Error | undefined
  #following: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined
  #isRebuilding = false
  /** To follow, also after a rebuild that held it. */
  #isWanted = false
  #busy: Promise<unknown> = Promise.resolve()
  #rate = { since: performance.now(), events: 0 }

  constructor(
    projection: Projection<Document, Event>,
    readModel: ReadModel<Document>,
    options: TaskOptions,
  ) {
    this.projection = projection
    this.readModel = readModel
    this.#options = options
  }

  get storage(): ReadModelStorage<Document> {
    return this.readModel.storage
  }

  /**
   * Finds the live build, or makes the first one, and makes readers see it.
   *
   * @throws {BuildMismatchError} another definition of the projection made it.
   */
  async open(): Promise<BuildsRecord> {
    const declared = this.#declared()
    const found = await this.storage.readBuilds()
    const builds = found ?? {
      revision: randomUUID(),
      newest: 1,
      live: { ...declared, number: 1 },
      building: undefined,
      previous: undefined,
    }
    if (found === undefined && !(await this.storage.writeBuilds(undefined, builds)))
      return this.open()
    const { live } = builds
    const isOutdated = live.version < declared.version
    if (
      live.projection !== declared.projection ||
      live.version > declared.version ||
      (!isOutdated && live.fingerprint !== declared.fingerprint)
    )
      throw new BuildMismatchError(this.storage.name, { live, declared })
    await this.storage.prepare(live)
    await this.storage.publish(live)
    return builds
  }

  /** Follows the log in the background until `stop`. A read model of a lower version is built anew first, beside the live one. */
  follow(): void {
    this.#isWanted = true
    const { store, pageSize } = this.#options
    const stop = new AbortController()
    const feed: Feed = (after, { types, categories }, signal) =>
      store.subscribe({ after, types, categories, signal, pageSize })
    const ended = this.#end(stop.signal, async () => {
      await this.run(await this.#bringUpToDate(stop.signal), feed, stop.signal)
    })
    this.#following = { stop, ended: ended.catch(() => undefined) } // its failure is in the status and the log
  }

  /** Folds the log up to where it ends now. */
  async catchUp(signal: AbortSignal): Promise<void> {
    await this.#busyWith(
      this.#end(signal, async () => {
        const live = await this.#bringUpToDate(signal)
        const head = await this.#options.store.head()
        // Also when the log is empty: a checkpoint that it does not contain must not go unnoticed.
        await this.run(live, this.upTo(head?.position ?? globalPosition(0)), signal)
      }),
    )
  }

  async rebuild(signal: AbortSignal): Promise<RebuildReport> {
    if (this.#isRebuilding)
      throw new TypeError(
        `Projection '${this.projection.name}' into '${this.storage.name}' is being rebuilt already.`,
      )
    return this.#busyWith(this.#rebuild(signal))
  }

  /** Ends following after the page in hand, and waits for a rebuild or a catch-up whose signal was aborted. */
  async stop(): Promise<void> {
    this.#isWanted = false
    await this.#hold()
    await this.#busy
  }

  /** Runs the lane of a build over a feed; what is transient is tried again, with growing pauses, for ever. */
  async run(build: Build, feed: Feed, signal: AbortSignal): Promise<void> {
    const { store, owner, cacheBytes } = this.#options
    const { projection, storage } = this
    this.#rate = { since: performance.now(), events: 0 }
    const runs = (): void => {
      this.#state = this.#isRebuilding ? 'rebuilding' : 'running'
    }
    const lease = async (progressed: () => void): Promise<void> => {
      const onCommit = (events: number): void => {
        this.#rate.events += events
        progressed()
        runs()
      }
      runs()
      await runLane(
        { store, projection, storage, build, owner, cacheBytes, onCommit },
        feed,
        signal,
      )
    }
    await retryTransient(lease, { signal, onRetry: this.#retries })
  }

  /** A feed that ends exactly at a position of the log. */
  upTo(until: GlobalPosition): Feed {
    const { store, pageSize } = this.#options
    return (after, { types, categories }, signal) =>
      store.readAll({ after, until, types, categories, signal, pageSize })
  }

  async status(): Promise<ProjectionStatus> {
    const builds = await this.storage.readBuilds()
    const lane = builds && (await this.storage.readLane(builds.live, 0))
    const head = await this.#options.store.head()
    const seconds = (performance.now() - this.#rate.since) / 1000
    const position = lane?.checkpoint?.position
    return {
      projection: this.projection.name,
      readModel: this.storage.name,
      state: this.#state,
      build: builds?.live,
      building: builds?.building,
      owner: lane?.owner,
      position,
      head: head?.position,
      positionsBehind: (head?.position ?? 0n) - (position ?? 0n),
      eventsPerSecond: seconds > 0 ? this.#rate.events / seconds : 0,
      lastError: this.#lastError,
    }
  }

  /** Opens the live build; one of a lower version is built anew first, beside it. */
  async #bringUpToDate(signal: AbortSignal): Promise<Build> {
    let live: Build | undefined
    const open = async (): Promise<void> => {
      const builds = await this.open()
      if (builds.live.version < this.projection.version) await this.#replace(builds, signal)
      live = (await this.open()).live
    }
    await retryTransient(open, { signal, onRetry: this.#retries })
    if (live === undefined) throw signal.reason
    return live
  }

  async #replace(builds: BuildsRecord, signal: AbortSignal): Promise<void> {
    const { store } = this.#options
    this.#isRebuilding = true
    try {
      const hold = (): Promise<void> => Promise.resolve() // nobody here follows into a build of another version
      await rebuild(this, builds, { store, declared: this.#declared(), signal, hold })
    } finally {
      this.#isRebuilding = false
    }
  }

  async #rebuild(signal: AbortSignal): Promise<RebuildReport> {
    const { store } = this.#options
    this.#isRebuilding = true
    try {
      const builds = await this.open()
      const hold = (): Promise<void> => this.#hold()
      return await rebuild(this, builds, { store, declared: this.#declared(), signal, hold })
    } finally {
      this.#isRebuilding = false
      this.#state = this.#following === undefined ? 'stopped' : 'running'
      if (this.#isWanted && this.#following === undefined) this.follow()
    }
  }

  async #hold(): Promise<void> {
    this.#following?.stop.abort()
    await this.#following?.ended
    this.#following = undefined
  }

  /** Keeps the state of work that runs until it is done, stopped or failed. */
  async #end(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.#state = 'stopped'
    } catch (error) {
      if (signal.aborted && error === signal.reason) this.#state = 'stopped'
      else this.#failed(error)
      throw error
    }
  }

  async #busyWith<Result>(work: Promise<Result>): Promise<Result> {
    this.#busy = work.catch(() => undefined)
    return work
  }

  readonly #retries = (error: EverfoldError, pauseMs: number): void => {
    this.#state = 'retrying'
    this.#lastError = error
    this.#options.logger.warn(
      `Projection '${this.projection.name}' into '${this.storage.name}' is tried again in ${Math.round(pauseMs)} ms: ${error.message}`,
      { error },
    )
  }

  #declared(): Omit<Build, 'number'> {
    const { name, version } = this.projection
    return { projection: name, version, fingerprint: fingerprintOf(this.projection), lanes: 1 }
  }

  #failed(error: unknown): void {
    this.#state = 'failed'
    this.#lastError = error instanceof Error ? error : new Error(String(error))
    this.#options.logger.error(
      `Projection '${this.projection.name}' into '${this.storage.name}' stopped: ${this.#lastError.message}`,
      { error },
    )
  }
}
