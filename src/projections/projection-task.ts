import { randomUUID } from 'node:crypto'
import { EverfoldError } from '../errors.ts'
import type { EventStore } from '../event-store/event-store.ts'
import { globalPosition, type GlobalPosition } from '../event-store/global-position.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { BuildMismatchError } from './build-mismatch-error.ts'
import type { Build, BuildsRecord } from './build.ts'
import { dropLeftOvers } from './build-succession.ts'
import { runLane, type Feed } from './lane.ts'
import { claimLane, giveBackLane } from './lane-claim.ts'
import type { Logger } from './logger.ts'
import type { Projection } from './projection.ts'
import { fingerprintOf } from './projection-filter.ts'
import type { ProjectionStatus } from './projection-status.ts'
import type { ReadModel } from './read-model.ts'
import type { LaneRecord, ReadModelStorage } from './read-model-storage.ts'
import { rebuild, type RebuildReport } from './rebuild.ts'
import { retryTransient } from './retry-transient.ts'
import { isTakeover, outwaitRebuild } from './takeover.ts'

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
   * Finds the live build, or makes the first one.
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
      dropping: [],
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
    return builds
  }

  /** Follows the log in the background until `stop`. A read model of a lower version is built anew first, beside the live one. */
  follow(): void {
    const { store, pageSize } = this.#options
    const stop = new AbortController()
    const feed: Feed = (after, { types, categories }, signal) =>
      store.subscribe({ after, types, categories, signal, pageSize })
    const ended = this.#end(stop.signal, async () => {
      for (let isSucceeded = true; isSucceeded;)
        isSucceeded = await this.#followLiveBuild(feed, stop.signal)
    })
    this.#following = { stop, ended: ended.catch(() => undefined) } // its failure is in the status and the log
  }

  /** Folds the log up to where it ends now. */
  async catchUp(signal: AbortSignal): Promise<void> {
    await this.#end(signal, async () => {
      const live = await this.#bringUpToDate(signal)
      await this.#publish(live).catch(this.#cannotPublish)
      const head = await this.#options.store.head()
      // Also when the log is empty: a checkpoint that it does not contain must not go unnoticed.
      await this.run(live, this.upTo(head?.position ?? globalPosition(0)), signal)
    })
  }

  /** Builds the read model anew; following is held for the end of it, and goes on afterwards. */
  async rebuild(signal: AbortSignal): Promise<RebuildReport> {
    const isFollowing = this.#following !== undefined
    const before = this.#state
    this.#isRebuilding = true
    try {
      return await this.#rebuild(await this.open(), signal)
    } finally {
      this.#isRebuilding = false
      this.#state = before
      if (isFollowing && this.#following === undefined) this.follow()
    }
  }

  /** Ends following, after the page in hand. */
  async stop(): Promise<void> {
    this.#following?.stop.abort()
    await this.#following?.ended
    this.#following = undefined
  }

  /** Claims the lane of a build for a switch. */
  async hold(build: Build): Promise<LaneRecord> {
    return claimLane({ ...this.#claimOf(build), isRetry: false, isHeld: true })
  }

  async giveBack(build: Build): Promise<void> {
    await giveBackLane({ ...this.#claimOf(build), isRetry: false })
  }

  /** Runs the lane of a build over a feed; what is transient is tried again, with growing pauses, for ever. */
  async run(build: Build, feed: Feed, signal: AbortSignal): Promise<void> {
    const { cacheBytes } = this.#options
    const { projection } = this
    let isRetry = false
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
      const claim = { ...this.#claimOf(build), isRetry }
      isRetry = true
      await runLane({ ...claim, projection, cacheBytes, onCommit }, feed, signal)
    }
    await retryTransient(lease, { signal, onRetry: this.#retries })
  }

  /** A feed that ends exactly at a position of the log. */
  upTo(until: GlobalPosition): Feed {
    const { store, pageSize } = this.#options
    return (after, { types, categories }, signal) =>
      store.readAll({ after, until, types, categories, signal, pageSize })
  }

  /** What the sink and the log cannot tell at the moment is undefined. */
  async status(): Promise<ProjectionStatus> {
    const { live, building } = (await unlessFailing(this.storage.readBuilds())) ?? {}
    const lane = live && (await unlessFailing(this.storage.readLane(live, 0)))
    const head = await unlessFailing(this.#options.store.head())
    const seconds = (performance.now() - this.#rate.since) / 1000
    const position = lane?.checkpoint?.position
    return {
      projection: this.projection.name,
      readModel: this.storage.name,
      state: this.#state,
      build: live,
      building,
      owner: lane?.owner,
      position,
      head: head?.position,
      positionsBehind: head === undefined ? undefined : head.position - (position ?? 0n),
      eventsPerSecond: seconds > 0 ? this.#rate.events / seconds : 0,
      lastError: this.#lastError,
    }
  }

  /** @returns true: another build is live by now, or a rebuild elsewhere that had taken the lane was given up. */
  async #followLiveBuild(feed: Feed, signal: AbortSignal): Promise<boolean> {
    const { live: before } = await this.open()
    try {
      const live = await this.#bringUpToDate(signal)
      // A long reader of a view can keep it from being replaced: that must not keep the read model from being filled.
      const published = retryTransient(() => this.#publish(live), {
        signal,
        onRetry: this.#retries,
      })
      published.catch(this.#isNotShown)
      await this.run(live, feed, signal)
      return false
    } catch (error) {
      if (!isTakeover(error)) throw error
      this.#state = 'retrying'
      this.#lastError = error
      if (await outwaitRebuild(this.storage, before, signal)) return true
      throw error
    }
  }

  /** Opens the live build; one of a lower version is built anew first, beside it. */
  async #bringUpToDate(signal: AbortSignal): Promise<Build> {
    let live: Build | undefined
    const open = async (): Promise<void> => {
      const builds = await this.open()
      await dropLeftOvers(this.storage)
      if (builds.live.version < this.projection.version) await this.#replace(builds, signal)
      live = (await this.open()).live
    }
    await retryTransient(open, { signal, onRetry: this.#retries })
    if (live === undefined) throw signal.reason
    return live
  }

  async #replace(builds: BuildsRecord, signal: AbortSignal): Promise<void> {
    this.#isRebuilding = true
    try {
      await this.#rebuild(builds, signal)
    } finally {
      this.#isRebuilding = false
    }
  }

  async #rebuild(builds: BuildsRecord, signal: AbortSignal): Promise<RebuildReport> {
    const { store } = this.#options
    // What brings a version up to date is itself what is followed: it has nothing to stop.
    const isOutdated = builds.live.version < this.projection.version
    const stopFollowing = async (): Promise<void> => (isOutdated ? undefined : this.stop())
    const options = { store, declared: this.#declared(), signal, stopFollowing }
    const report = await rebuild(this, builds, options)
    await this.#publish(report.live).catch(this.#cannotPublish)
    return report
  }

  /** Makes readers from outside see a build, as long as it is the live one. */
  async #publish(build: Build): Promise<void> {
    const builds = await this.storage.readBuilds()
    if (builds?.live.number === build.number) await this.storage.publish(build)
  }

  /** Tried again when the projection is started or followed next. */
  readonly #cannotPublish = (error: unknown): void => {
    if (!EverfoldError.is(error) || !error.retryable) throw error
    this.#isNotShown(error)
  }

  /** Reported, not thrown: the read model is filled all the same. */
  readonly #isNotShown = (error: unknown): void => {
    this.#lastError = error instanceof Error ? error : new Error(String(error))
    this.#options.logger.warn(
      `Readers of '${this.storage.name}' from outside do not see its live build yet: ${this.#lastError.message}`,
      { error },
    )
  }

  readonly #retries = (error: EverfoldError, pauseMs: number): void => {
    this.#state = 'retrying'
    this.#lastError = error
    this.#options.logger.warn(
      `Projection '${this.projection.name}' into '${this.storage.name}' is tried again in ${Math.round(pauseMs)} ms: ${error.message}`,
      { error },
    )
  }

  /** Keeps the state of work that runs until it is done, stopped or failed. */
  async #end(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.#state = 'stopped'
    } catch (error) {
      if (signal.aborted && isAbort(error, signal)) this.#state = 'stopped'
      else this.#failed(error)
      throw error
    }
  }

  #claimOf(build: Build) {
    return { storage: this.storage, build, owner: this.#options.owner }
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

/** For what is shown, not for what is relied on: the state and the last error tell why it failed. */
async function unlessFailing<Value>(value: Promise<Value>): Promise<Value | undefined> {
  return value.catch(() => undefined)
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError')
}
