import { EverfoldError } from '../../errors.ts'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import { BuildNotPreparedError } from '../builds/build-not-prepared-error.ts'
import type { Build } from '../builds/build.ts'
import type { OneLaneReport, ProjectionContext } from '../projection-context.ts'
import type { LaneRecord, LaneStall, Member } from '../read-model-storage.ts'
import { retryTransient } from '../retry-transient.ts'
import { claimLane, releaseLane } from './lane-claim.ts'
import type { Feed } from './lane-options.ts'
import { LaneShare } from './lane-share.ts'
import { LaneTakenError } from './lane-taken-error.ts'
import { PageKeys } from './page-keys.ts'
import { runLane } from './run-lane.ts'
import type { WantedPart } from './wanted-part.ts'

/** The lanes of one build that this runner moves, over one feed. */
export class BuildLanes<Document, Event extends RecordedEvent> {
  readonly build: Build
  readonly #context: ProjectionContext<Document, Event>
  readonly #feed: Feed
  readonly #pageKeys: PageKeys<Event>
  readonly #share: LaneShare
  readonly #failures: unknown[] = []
  readonly #finished = new Set<number>()
  /** Lanes that stopped here, and whose record does not say so: it could not be written. */
  readonly #givenUp = new Set<number>()

  constructor(context: ProjectionContext<Document, Event>, build: Build, feed: Feed) {
    const { projection, filter, runner } = context
    this.build = build
    this.#context = context
    this.#feed = feed
    this.#pageKeys = new PageKeys(projection, filter, build.lanes)
    this.#share = new LaneShare({
      runner,
      lanes: build.lanes,
      run: (number, record, signal) => this.#run(number, record, signal),
    })
  }

  /** Numbers of the lanes that this runner has. */
  get numbers(): readonly number[] {
    return this.#share.numbers
  }

  /** What stopped lanes here since this was made. */
  get failures(): readonly unknown[] {
    return this.#failures
  }

  /** Takes and gives back lanes, by what the records say now. A lane whose feed has ended, or that stopped here, is not taken again. */
  balance(members: readonly Member[], records: readonly LaneRecord[]): void {
    const isWanted = (number: number): boolean =>
      !this.#finished.has(number) && !this.#givenUp.has(number)
    this.#share.balance(members, records, isWanted)
  }

  /** Whether a lane's feed has ended, and all of it is folded. */
  hasFinished(number: number): boolean {
    return this.#finished.has(number)
  }

  /** Whether a lane has stalled, and this runner will not try it. */
  isStalled(record: LaneRecord): boolean {
    return record.stall !== undefined && !this.#share.isToBeTried(record)
  }

  /** Settles when one of the lanes that this runner has was given back. */
  async oneEnded(): Promise<void> {
    await this.#share.oneEnded()
  }

  /** Gives all lanes back, after the pages in hand. */
  async release(): Promise<void> {
    await this.#share.release()
  }

  async #run(number: number, record: LaneRecord, signal: AbortSignal): Promise<void> {
    const { report } = this.#context
    try {
      await this.#repeat(number, record, signal)
      if (signal.aborted) await this.#leave(number)
    } catch (error) {
      if (error instanceof LaneTakenError) report.laneLost(number, error)
      else if (!(error instanceof BuildNotPreparedError)) await this.#stall(number, error)
    } finally {
      this.#reportOf(number).left()
    }
  }

  /** What is transient is tried again, with growing pauses, for ever, as long as nobody else has taken the lane. */
  async #repeat(number: number, record: LaneRecord, signal: AbortSignal): Promise<void> {
    const { storage, runner, leaseMs } = this.#context
    const claim = { storage, build: this.build, number, owner: runner, leaseMs }
    let free: LaneRecord | undefined = record
    let epoch: number | undefined
    const lease = async (progressed: () => void): Promise<void> => {
      const seen = free ?? (await this.#own(number, epoch))
      free = undefined
      const lane = await claimLane(claim, seen, { isHeld: false })
      if (lane === undefined) return // somebody else was faster
      ;({ epoch } = lane)
      const feed: Feed = (after, reading) => this.#feed(after, reading, this.#wantedBy(number))
      await runLane({ ...this.#options(number, progressed), ...claim }, lane, feed, signal)
      if (!signal.aborted) this.#finished.add(number)
    }
    // Longer pauses would lose the lane while the runner is well.
    const longestPauseMs = leaseMs / 3
    await retryTransient(lease, { signal, onRetry: this.#reportOf(number).retries, longestPauseMs })
  }

  /** Where keys are stream ids, a lane is a part of the log. */
  #wantedBy(number: number): WantedPart {
    const { lanes: count } = this.build
    if (this.#context.projection.key !== undefined || count === 1) return undefined
    return { count, parts: [number] }
  }

  #reportOf(number: number): OneLaneReport {
    return this.#context.report.ofLane(`build ${this.build.number}, lane ${number}`)
  }

  #options(number: number, progressed: () => void) {
    const { report, ...context } = this.#context
    const { committed, retries } = this.#reportOf(number)
    return {
      ...context,
      pageKeys: this.#pageKeys,
      onCommit: (events: number): void => {
        progressed()
        committed(events)
      },
      onRetry: retries,
      onPark: report.parked(number),
    }
  }

  /** The lane's record, if this runner had it last, or nobody has it. With the epoch of its claim: if nobody else claimed it since, also one who gave it back. */
  async #own(number: number, claimed?: number): Promise<LaneRecord> {
    const { storage, runner, projection } = this.#context
    const lane = await storage.readLane(this.build, number)
    const { owner, epoch } = lane
    const isSame = claimed === undefined || claimed === epoch
    if (isSame && (owner === undefined || (owner === runner && !lane.isHeld))) return lane
    throw new LaneTakenError({
      projection: projection.name,
      readModel: storage.name,
      lane: number,
      owner,
    })
  }

  /** Gives back a lane whose release did not get through: others need not wait for its lease to end. */
  async #leave(number: number): Promise<void> {
    const { storage, runner } = this.#context
    const lane = await storage.readLane(this.build, number).catch(() => undefined)
    if (lane?.owner === runner)
      await releaseLane({ storage, build: this.build, number, owner: runner }, lane).catch(
        () => undefined,
      )
  }

  /** Stops a lane for all runners, until one is started, perhaps with other code, or the projection is resumed. */
  async #stall(number: number, error: unknown): Promise<void> {
    const { storage, runner, report } = this.#context
    this.#failures.push(error)
    try {
      const lane = await this.#own(number)
      const claim = { storage, build: this.build, number, owner: runner }
      await releaseLane(claim, lane, { stall: stallOf(error) })
    } catch {
      // Somebody else has the lane by now, or will when its lease ends: he meets the same error.
      this.#givenUp.add(number)
    }
    report.failed(error)
  }
}

function stallOf(error: unknown): LaneStall {
  const code = EverfoldError.is(error) ? error.code : 'UNEXPECTED'
  return { code, message: error instanceof Error ? error.message : String(error) }
}
