import { randomUUID } from 'node:crypto'
import type { Checkpoint } from '../../event-store/checkpoint.ts'
import type { LogPage } from '../../event-store/event-reader.ts'
import { nextTurn } from '../../event-store/next-turn.ts'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import { StoreRewoundError } from '../../event-store/store-rewound-error.ts'
import type { FailurePolicy, Folded } from '../folding/fold.ts'
import type { LaneChanges, LaneRecord } from '../read-model-storage.ts'
import { cutPage } from './cut-page.ts'
import { announcementsOf } from './lane-announcements.ts'
import type { Feed, LaneOptions } from './lane-options.ts'
import type { Done, LaneWork } from './lane-work.ts'
import { LaneDisturbed, LaneWriter } from './lane-writer.ts'
import { answerRequest } from './parked-events.ts'

/** How often a checkpoint moves, at most, over events that the projection ignores. */
const MOVE_INTERVAL_MS = 1000

/** A lane writes its record at least this often within a lease: two writes may be late, and it is not lost. */
const BEATS_PER_LEASE = 3

type Writes<Document> = LaneChanges<Document>['writes']

/** The time in which a runner has a lane: all that is held in memory for the lane belongs to it. */
export class LaneLease<Document, Event extends RecordedEvent> {
  readonly #options: LaneOptions<Document, Event>
  readonly #work: LaneWork<Document, Event>
  readonly #writer: LaneWriter<Document>
  readonly #policy: FailurePolicy
  readonly #refused: ReadonlyMap<string, Error>
  readonly #stopped: AbortSignal
  readonly #broken = new AbortController()
  /** Aborted when a write of the lane fails: it is not this runner's any more, perhaps. */
  readonly #lost = new AbortController()
  /** How far the log was folded, or looked at, in memory. */
  #cursor: Checkpoint | undefined
  /** What is parked when the pages folded so far are committed. */
  #parked: LaneRecord['parked']
  /** A write of the lane under way. */
  #flight: Promise<void> | undefined
  /** Settles when no documents are written ahead of their commit. */
  #ahead: Promise<void> | undefined
  /** The feed has ended: the release moves the checkpoint. */
  #isOver = false
  #writtenAt = performance.now()
  #timer: NodeJS.Timeout | undefined

  /** @param refused keys whose documents the sink refused before, and why: their events are parked. */
  constructor(
    options: LaneOptions<Document, Event>,
    lane: LaneRecord,
    {
      refused,
      signal,
    }: { readonly refused: ReadonlyMap<string, Error>; readonly signal: AbortSignal },
  ) {
    const { onFailure } = options
    this.#options = options
    const setAside = new Map<string, Error | undefined>(refused)
    for (const key of lane.parked.keys()) setAside.set(key, undefined)
    this.#policy = { onFailure, setAside }
    this.#refused = refused
    this.#stopped = signal
    this.#work = options.makeWork({
      ...options,
      isNew: lane.checkpoint === undefined,
      policy: this.#policy,
      lost: this.#lost.signal,
      stopped: this.#broken.signal,
    })
    this.#writer = new LaneWriter({ ...options, keepsDone: this.#work.isInTurn }, lane)
    this.#cursor = lane.checkpoint
    this.#parked = lane.parked
  }

  /** Folds a feed until it ends, and releases the lane. */
  async run(feed: Feed): Promise<void> {
    const stopWatching = announcementsOf(this.#options.storage).onWait(() => {
      this.#touch()
    })
    const breakOff = (): void => {
      this.#broken.abort(STOPPED)
    }
    this.#stopped.addEventListener('abort', breakOff)
    if (this.#stopped.aborted) breakOff()
    try {
      await this.#refuseRewound()
      await this.#answerRequests()
      this.#touch()
      for await (const page of feed(this.#writer.lane.checkpoint, this.#broken.signal))
        await this.#doPage(page)
    } catch (error) {
      if (error !== STOPPED && error !== ASKED) {
        await this.#flight?.catch(() => undefined) // its own failure is this error, or less telling
        await this.#ahead
        throw error
      }
    } finally {
      stopWatching()
      this.#stopped.removeEventListener('abort', breakOff)
      clearTimeout(this.#timer)
    }
    this.#isOver = true
    while (this.#flight !== undefined) await this.#flight
    clearTimeout(this.#timer)
    const { lane } = this.#writer
    if (lane.requests.length > 0 && !this.#stopped.aborted) throw new LaneDisturbed(lane)
    await this.#release()
  }

  /**
   * Documents that are further than the lane were made of events that the log must hold: they are taken for what they contain.
   *
   * @throws {StoreRewoundError} it does not hold one of them.
   */
  async #refuseRewound(): Promise<void> {
    const { storage, build, number } = this.#options
    const ahead = (await storage.ahead?.(build, number, this.#writer.lane)) ?? []
    for (const place of ahead) await this.#requireInLog(place)
  }

  readonly #requireInLog = async (place: Checkpoint): Promise<void> => {
    const { store } = this.#options
    if (!(await store.contains(place))) throw new StoreRewoundError(place, await store.head())
  }

  /** The request broke the chain of revisions, so nothing is in flight or folded ahead. */
  async #answerRequests(): Promise<void> {
    const [request] = this.#writer.lane.requests
    if (request === undefined) return
    const answering = { writer: this.#writer, work: this.#work, lost: this.#lost }
    await answerRequest({ ...this.#options, ...answering }, request)
    this.#parked = this.#writer.lane.parked
    if (!this.#parked.has(request.key)) this.#policy.setAside.delete(request.key)
    this.#broken.signal.throwIfAborted()
    await this.#answerRequests()
  }

  async #doPage(page: LogPage): Promise<void> {
    for (let rest: LogPage | undefined = page; rest !== undefined;) {
      const [first, others] = cutPage(rest, this.#writer.lane.barrenClaims)
      await this.#doPart(first)
      rest = others
    }
  }

  async #doPart(page: LogPage): Promise<void> {
    const { pageKeys, number } = this.#options
    let events = pageKeys.of(page, number)
    do {
      while (this.#work.isInTurn && this.#flight !== undefined) await this.#flight
      const done = await this.#work.run(events)
      const writes = [...done.documents.values()]
      if (this.#flight !== undefined && writes.length > 0 && !this.#lost.signal.aborted)
        this.#writeAhead(writes)
      // Not in a function of its own: between its end and what follows, somebody who begins to wait could take off.
      while (this.#flight !== undefined) await this.#flight
      const last = events[done.count - 1]?.event
      events = events.slice(done.count)
      if (events.length === 0) this.#cursor = page.through
      else if (last !== undefined) this.#cursor = { position: last.position, eventId: last.id }
      if (done.isDue) {
        this.#takeOff(done, writes)
        await nextTurn() // else the next page, if it is there already, would be folded before the commit is sent
      } else this.#touch()
      if (events.length > 0) this.#broken.signal.throwIfAborted()
    } while (events.length > 0)
  }

  /** The lane cannot be written before what is in flight has landed; documents can, where the sink says so. */
  #writeAhead(writes: Writes<Document>): void {
    const { storage, build, number, leaseMs } = this.#options
    const { epoch } = this.#writer.lane
    const changes = { writes, requireInLog: this.#requireInLog }
    this.#ahead = storage.writeAhead?.(build, { number, epoch, leaseMs }, changes)
  }

  /** Begins a write of the lane; the next page is folded meanwhile. Its failure breaks the lease, also while the feed waits for events. */
  #takeOff(
    { documents, setbacks, count }: Omit<Done<Document, Event>, 'isDue'>,
    writes: Writes<Document>,
  ): void {
    if (setbacks.length > 0) {
      const parked = new Map(this.#parked)
      for (const { key, event } of setbacks) if (!parked.has(key)) parked.set(key, event.position)
      this.#parked = parked
    }
    const park = setbacks.map(({ key, event, error }) => ({
      key,
      position: event.position,
      streamId: event.streamId,
      version: event.version,
      error: error?.message,
      discarded: undefined,
    }))
    const changes = { writes, park, unpark: [], requireInLog: this.#requireInLog }
    const requests = this.#requestsFor(setbacks)
    const next = { checkpoint: this.#cursor, parked: this.#parked, requests }
    const landed = this.#writer.write(next, changes).then(() => {
      this.#work.committed(documents)
      this.#flight = undefined
      this.#writtenAt = performance.now()
      this.#announce()
      this.#options.onCommit(count)
      for (const setback of setbacks) if (setback.error !== undefined) this.#options.onPark(setback)
      if (this.#writer.lane.requests.length > 0) this.#broken.abort(ASKED)
      this.#touch()
    })
    landed.catch((error: unknown) => {
      this.#lost.abort(error)
      this.#broken.abort(error)
    })
    this.#flight = landed
  }

  /** Which event made a document that the sink refuses is not known yet: this runner asks itself to fold them again, one by one, up to that event. */
  #requestsFor(setbacks: Folded<Document, Event>['setbacks']): LaneRecord['requests'] {
    const asked = setbacks
      .filter(({ key, error }) => error !== undefined && this.#refused.has(key))
      .map(({ key }) => ({ id: randomUUID(), key, discard: undefined }))
    const { requests } = this.#writer.lane
    return asked.length === 0 ? requests : [...requests, ...asked]
  }

  /**
   * Sees to it that the lane is written in time: over events that matched nothing at once when somebody waits, else at most once a second; and often
   * enough that the lease does not run out.
   */
  #touch(): void {
    if (this.#flight !== undefined || this.#isOver || this.#lost.signal.aborted) return
    const { storage, leaseMs } = this.#options
    const beatMs = leaseMs / BEATS_PER_LEASE
    const isBehind = this.#cursor?.position !== this.#writer.lane.checkpoint?.position
    clearTimeout(this.#timer)
    const dueMs =
      this.#writtenAt + (isBehind ? Math.min(MOVE_INTERVAL_MS, beatMs) : beatMs) - performance.now()
    if (dueMs <= 0 || (isBehind && announcementsOf(storage).isAwaited))
      this.#takeOff({ documents: new Map(), setbacks: [], count: 0 }, [])
    else
      this.#timer = setTimeout(() => {
        this.#touch()
      }, dueMs)
  }

  /** Moves the checkpoint to where the log was looked at, and gives the lane back. */
  async #release(): Promise<void> {
    await this.#writer.write({ checkpoint: this.#cursor, owner: undefined, barrenClaims: 0 })
    this.#announce()
    this.#options.onCommit(0)
  }

  #announce(): void {
    const { storage, build, number: lane } = this.#options
    const position = this.#writer.lane.checkpoint?.position ?? 0n
    announcementsOf(storage).moved({ build: build.number, lane, position })
  }
}

/** Why a feed ends when the runner stops. */
const STOPPED = new Error('The runner stops.')

/** Why a feed ends when something is asked: it goes on once that is answered. */
const ASKED = new Error('Something is asked of the lane.')
