import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { EverfoldError } from '../errors.ts'
import { globalPosition } from '../event-store/global-position.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { BuildChores } from './build-chores.ts'
import { BuildMismatchError } from './builds/build-mismatch-error.ts'
import type { Build, BuildsRecord } from './builds/build.ts'
import { rebuild, type RebuildReport } from './builds/rebuild.ts'
import type { SwitchOptions } from './builds/switch-readers.ts'
import { unlessNotPrepared } from './builds/unless-not-prepared.ts'
import { BuildLanes } from './lanes/build-lanes.ts'
import { catchUp, outwait, selfOf, type CatchUpOptions } from './lanes/catch-up.ts'
import type { Feed } from './lanes/lane-options.ts'
import { makersOf, Membership } from './lanes/membership.ts'
import { SharedFeed } from './lanes/shared-feed.ts'
import type { Placement } from './registration.ts'
import { ProjectionPausedError } from './projection-paused-error.ts'
import type { ProjectionContext } from './projection-context.ts'
import type { Member } from './read-model-storage.ts'
import { decideStart, takeOver } from './reactions/adopt-checkpoints.ts'
import { TaskProgress } from './task-progress.ts'

/**
 * How often a runner looks at the builds, the lanes and the other runners, at least and at most; and how soon after its first look, then after twice that, and
 * so on: those that start together have shared the lanes after a tenth of a second.
 */
const LOOK_MS = { least: 20, most: 1000, first: 30 }

export interface TaskOptions<Document, Event extends RecordedEvent> {
  readonly context: ProjectionContext<Document, Event>
  readonly placement: Placement
  readonly progress: TaskProgress
  /** Events per page while a build catches up with the log. */
  readonly fillPageSize: number
  /** Follows the log; shared by all projections of the runner. */
  readonly following: Feed
}

/** One projection into one read model, for as long as a runner has it. */
export class ProjectionTask<Document, Event extends RecordedEvent> {
  readonly context: ProjectionContext<Document, Event>
  readonly progress: TaskProgress
  readonly #options: TaskOptions<Document, Event>
  /** The lanes that are followed, by the number of their build. */
  readonly #followed = new Map<number, BuildLanes<Document, Event>>()
  readonly #chores: BuildChores<Document, Event>
  #following: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined
  #leading: Promise<void> | undefined
  /** A reaction's place to begin is decided. */
  #hasBegun = false

  constructor(options: TaskOptions<Document, Event>) {
    this.context = options.context
    this.progress = options.progress
    this.#options = options
    this.#chores = new BuildChores(options.context, options.progress)
  }

  /**
   * Finds the builds, or makes the first one.
   *
   * @throws {BuildMismatchError} none of them is one that this code can move, or build on.
   */
  async open(signal: AbortSignal): Promise<BuildsRecord> {
    const { storage } = this.context
    const found = await storage.readBuilds()
    const builds = found ?? {
      revision: randomUUID(),
      newest: 1,
      live: { ...this.declared, number: 1 },
      building: undefined,
      previous: undefined,
      dropping: [],
      rolledBack: [],
      isPaused: false,
    }
    if (found === undefined && !(await storage.writeBuilds(undefined, builds)))
      return this.open(signal)
    this.#refuseMismatch(builds)
    try {
      if (this.#fedOf([builds.live]).length > 0) await this.#chores.prepare(builds.live)
    } catch (error) {
      unlessNotPrepared(error)
      return this.open(signal) // it left the record meanwhile
    }
    return this.#adopt(builds, signal)
  }

  /** Follows the log in the background until `stop`. A read model of a lower version is built anew meanwhile, beside the live build. */
  follow(): void {
    this.#leading = undefined
    const stop = new AbortController()
    const ended = this.#follow(stop.signal)
    this.#following = { stop, ended }
  }

  /** Folds the log up to where it ends now. */
  async catchUp(signal: AbortSignal): Promise<void> {
    await this.progress.during(signal, async () => {
      const { storage, store, projection } = this.context
      const builds = await this.open(signal)
      if (builds.isPaused)
        throw new ProjectionPausedError({ projection: projection.name, readModel: storage.name })
      await this.#chores.drop(builds)
      if (this.#isOutdated(builds)) await this.rebuild(signal, this.#isOutdated)
      const { live, building, previous } = await this.open(signal)
      const build = this.#fedOf([live, building, previous])[0]
      if (build === undefined) throw this.#mismatch(live)
      const head = await store.head()
      // Also when the log is empty: a checkpoint that it does not contain must not go unnoticed.
      const until = head?.position ?? globalPosition(0)
      await this.#moveTo(build, { until, signal, isShared: true })
      await this.#chores.finish(build)
      await this.#chores.show(live)
    })
  }

  /** Moves all lanes of a build up to a position, together with other runners. */
  async #moveTo(build: Build, options: Omit<CatchUpOptions, 'feed'>): Promise<void> {
    const { store, filter } = this.context
    const { until } = options
    const { types, categories } = filter
    const { fillPageSize: pageSize } = this.#options
    const shared = new SharedFeed((after, reading, partition) =>
      store.readAll({ after, until, types, categories, partition, pageSize, signal: reading }),
    )
    const feed: Feed = (after, reading, wanted) => shared.pages(after, reading, wanted)
    await catchUp(this.context, build, { ...options, feed })
  }

  /** Builds the read model anew. Undefined: another runner leads that already, or it is not wanted when it begins. */
  async rebuild(
    signal: AbortSignal,
    isWanted: (builds: BuildsRecord) => boolean = () => true,
  ): Promise<RebuildReport | undefined> {
    const { live } = await this.open(signal)
    if (live.version > this.declared.version) throw this.#mismatch(live)
    return this.progress.whileRebuilding(() =>
      rebuild({
        context: this.context,
        declared: this.declared,
        switching: this.switching(signal),
        isManual: this.#options.placement.switch === 'manual',
        isWanted,
      }),
    )
  }

  /** What a switch of readers needs. */
  switching(signal: AbortSignal): SwitchOptions<Document> {
    const { storage, store, runner, leaseMs, report } = this.context
    const holder = `${runner} (leads)`
    const move: SwitchOptions<Document>['catchUp'] = (build, until, reading) =>
      this.#fedOf([build]).length > 0
        ? this.#moveTo(build, { until, signal: reading, isShared: false })
        : outwait(this.context, build, { until, signal: reading })
    return { storage, store, holder, leaseMs, signal, onRetry: report.retries, catchUp: move }
  }

  /** Ends following, after the pages in hand. */
  async stop(): Promise<void> {
    this.#following?.stop.abort()
    await this.#following?.ended
    this.#following = undefined
  }

  /** The build that this code makes. */
  get declared(): Omit<Build, 'number'> {
    const { projection, fingerprint } = this.context
    const { name, version } = projection
    return { projection: name, version, fingerprint, lanes: this.#options.placement.lanes ?? 1 }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { storage, leaseMs, report } = this.context
    const membership = new Membership(storage, selfOf(this.context))
    const lookMs = Math.min(LOOK_MS.most, Math.max(LOOK_MS.least, leaseMs / 6))
    this.progress.begins()
    try {
      for (let nextMs = LOOK_MS.first; !signal.aborted; nextMs *= 2) {
        const pauseMs = Math.min(lookMs, nextMs)
        await this.#look(membership, signal).catch((error: unknown) => {
          if (!EverfoldError.is(error) || !error.retryable) throw error
          report.retries(error, pauseMs)
        })
        await sleep(pauseMs * (0.75 + Math.random() / 2), undefined, { signal }).catch(
          () => undefined,
        )
      }
      this.progress.stops()
    } catch (error) {
      report.failed(error)
    } finally {
      await this.#leading
      await Promise.all([...this.#followed.values()].map((lanes) => lanes.release()))
      this.#followed.clear()
      await this.#chores.settled()
      await membership.leave().catch(() => undefined) // others find out by the missing beats
    }
  }

  /** A reaction is not built: it decides where it begins, and goes on where code of a lower version was. */
  async #adopt(builds: BuildsRecord, signal: AbortSignal): Promise<BuildsRecord> {
    const { startAt } = this.context
    const { live } = builds
    if (startAt === undefined || (this.#hasBegun && live.version >= this.declared.version))
      return builds
    await decideStart(this.context, live, startAt)
    const adopted = await takeOver(this.switching(signal), this.declared)
    this.#hasBegun = true
    return adopted
  }

  /** Sees which builds there are, who is there, and which lanes are this runner's. */
  async #look(membership: Membership<Document>, signal: AbortSignal): Promise<void> {
    const builds = await this.open(signal)
    const { live, building, previous, isPaused } = builds
    const members = await membership.beat()
    const fed = isPaused ? [] : this.#fedOf([live, building, previous])
    this.progress.isPaused = isPaused
    const numbers = new Set(fed.map(({ number }) => number))
    for (const [number, lanes] of this.#followed)
      if (!numbers.has(number)) {
        this.#followed.delete(number)
        await lanes.release()
      }
    if (!isPaused) await this.#chores.show(live)
    await this.#chores.drop(builds)
    for (const build of fed)
      await this.#balance(build, {
        members: makersOf(members, build),
        isLive: build.number === live.number,
      }).catch(unlessNotPrepared)
    if (!isPaused && this.#isOutdated(builds)) this.#lead(signal)
    this.context.report.runs()
  }

  async #balance(
    build: Build,
    { members, isLive }: { readonly members: readonly Member[]; readonly isLive: boolean },
  ): Promise<void> {
    const { storage } = this.context
    const records = await storage.readLanes(build)
    const lanes =
      this.#followed.get(build.number) ??
      new BuildLanes(this.context, build, this.#options.following)
    this.#followed.set(build.number, lanes)
    lanes.balance(members, records)
    if (isLive && (await this.progress.sees(build, records)))
      this.#chores.finish(build).catch(this.context.report.isUnfinished)
  }

  /** The code declares a higher version, and nobody went back from it. */
  readonly #isOutdated = ({ live, rolledBack }: BuildsRecord): boolean => {
    const { version } = this.context.projection
    return live.version < version && !rolledBack.includes(version)
  }

  /** Leads the making of what the code declares, once at a time. */
  #lead(signal: AbortSignal): void {
    if (this.#leading !== undefined) return
    const { report } = this.context
    const lead = async (): Promise<void> => {
      try {
        const rebuilt = await this.rebuild(signal, this.#isOutdated)
        if (rebuilt?.isLive !== false) this.#leading = undefined // else it waits for switchReaders()
      } catch (error) {
        if (signal.aborted || (EverfoldError.is(error) && error.retryable))
          this.#leading = undefined
        else report.failed(error) // it is not tried again before the next start
      }
    }
    this.#leading = lead()
  }

  /** Those of the builds that this code makes. */
  #fedOf(builds: readonly (Build | undefined)[]): readonly Build[] {
    const { version, fingerprint } = this.declared
    return builds.filter(
      (build): build is Build => build?.version === version && build.fingerprint === fingerprint,
    )
  }

  #mismatch(live: Build): BuildMismatchError {
    return new BuildMismatchError(this.context.storage.name, { live, declared: this.declared })
  }

  #refuseMismatch({ live, building, previous }: BuildsRecord): void {
    const { declared } = this
    if (live.projection !== declared.projection) throw this.#mismatch(live)
    for (const build of [live, building, previous])
      if (build?.version === declared.version && build.fingerprint !== declared.fingerprint)
        throw this.#mismatch(build)
    const isFed = this.#fedOf([live, building, previous]).length > 0
    if (live.version > declared.version && !isFed) throw this.#mismatch(live)
  }
}
