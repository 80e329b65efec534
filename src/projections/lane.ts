import { randomUUID } from 'node:crypto'
import type { Checkpoint } from '../event-store/checkpoint.ts'
import type { LogPage } from '../event-store/event-reader.ts'
import { sealJson } from '../event-store/json-value.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { DocumentCache } from './document-cache.ts'
import { DocumentRefusedError } from './document-refused-error.ts'
import { foldEvents, keyEvents, type KeyedEvent, type SizedWrite } from './fold.ts'
import { announcementsOf } from './lane-announcements.ts'
import { claimLane, type ClaimOptions } from './lane-claim.ts'
import { LaneTakenError } from './lane-taken-error.ts'
import type { Projection } from './projection.ts'
import { filterOf, type ProjectionFilter } from './projection-filter.ts'
import type { DocumentAt, LaneRecord, LaneStep } from './read-model-storage.ts'

/** How often a checkpoint moves, at most, over events that the projection ignores. */
const MOVE_INTERVAL_MS = 1000

export interface LaneOptions<Document, Event extends RecordedEvent> extends ClaimOptions<Document> {
  readonly projection: Projection<Document, Event>
  readonly cacheBytes: number
  /** Told of every commit, with the number of events that it folded. */
  readonly onCommit: (events: number) => void
}

/** What a lane folds: from a checkpoint on, only what the filter asks for. Ends where its maker says. */
export type Feed = (
  after: Checkpoint | undefined,
  filter: ProjectionFilter<RecordedEvent>,
  signal: AbortSignal,
) => AsyncIterable<LogPage>

/**
 * Claims a lane, folds a feed into its build until the feed ends, and releases it.
 *
 * The rules that keep it exact (design record: docs/adr/0005-exactly-once.md): every write of the lane replaces its record by compare-and-set, one write
 * at a time; a write whose reply was lost counts if and only if the lane shows its revision; documents of a commit in flight answer loads before
 * the sink does; whatever fails, everything held is dropped and the lane begins again from its record.
 *
 * @throws {LaneTakenError} another runner claimed the lane.
 * @throws {StoreRewoundError} the log does not contain the lane's checkpoint.
 * @throws {ProjectionFailedError | NotJsonError | DocumentRefusedError} a row, a document: what was committed before stays.
 */
export async function runLane<Document, Event extends RecordedEvent>(
  options: LaneOptions<Document, Event>,
  feed: Feed,
  signal: AbortSignal,
): Promise<void> {
  const lane = await claimLane({ ...options, isHeld: false })
  await new Lease(options, lane, signal).run(feed)
}

/** A write of the lane under way, with the documents that it writes. */
interface Flight<Document> {
  readonly documents: ReadonlyMap<string, SizedWrite<Document>>
  readonly landed: Promise<void>
}

/** The time between a claim and the next: all that is held in memory for a lane belongs to it. */
class Lease<Document, Event extends RecordedEvent> {
  readonly #options: LaneOptions<Document, Event>
  readonly #filter: ProjectionFilter<Event>
  readonly #cache: DocumentCache<Document>
  readonly #stopped: AbortSignal
  readonly #broken = new AbortController()
  #lane: LaneRecord
  /** How far the log was folded, or looked at, in memory. */
  #cursor: Checkpoint | undefined
  #flight: Flight<Document> | undefined
  /** The feed has ended: the release moves the checkpoint. */
  #isOver = false
  #movedAt = performance.now()
  #moveTimer: NodeJS.Timeout | undefined

  constructor(options: LaneOptions<Document, Event>, lane: LaneRecord, stopped: AbortSignal) {
    const isComplete = lane.checkpoint === undefined
    this.#options = options
    this.#filter = filterOf(options.projection)
    this.#cache = new DocumentCache({ maxBytes: options.cacheBytes, isComplete })
    this.#lane = lane
    this.#cursor = lane.checkpoint
    this.#stopped = stopped
  }

  async run(feed: Feed): Promise<void> {
    const stopWatching = announcementsOf(this.#options.storage).onWait(() => {
      this.#moveOn()
    })
    const breakOff = (): void => {
      this.#broken.abort(STOPPED)
    }
    this.#stopped.addEventListener('abort', breakOff)
    if (this.#stopped.aborted) breakOff()
    try {
      for await (const page of feed(this.#lane.checkpoint, this.#filter, this.#broken.signal))
        await this.#fold(page)
    } catch (error) {
      if (error !== STOPPED) {
        await this.#flight?.landed.catch(() => undefined) // its own failure is this error, or less telling
        throw error
      }
    } finally {
      stopWatching()
      this.#stopped.removeEventListener('abort', breakOff)
      clearTimeout(this.#moveTimer)
    }
    this.#isOver = true
    while (this.#flight !== undefined) await this.#flight.landed
    clearTimeout(this.#moveTimer)
    await this.#release()
  }

  async #fold({ events, through }: LogPage): Promise<void> {
    const { projection } = this.#options
    const keyed = keyEvents(
      projection,
      events.filter((event) => this.#filter.accepts(event)),
    )
    const found = await this.#load(keyed)
    const documents = foldEvents(projection, keyed, found)
    // Not in a function of its own: between its end and what follows, somebody who begins to wait could take off.
    while (this.#flight !== undefined) await this.#flight.landed
    this.#cursor = through
    if (documents.size > 0) this.#takeOff(documents, keyed.length)
    else this.#moveOn()
  }

  /** What held documents do not answer is loaded; those of the commit in flight answer before the sink does, which may not show them yet. */
  async #load(
    events: readonly KeyedEvent<Event>[],
  ): Promise<ReadonlyMap<string, DocumentAt<Document>>> {
    const { storage, build, projection } = this.#options
    const found = new Map<string, DocumentAt<Document>>()
    const missing = new Set<string>()
    for (const { keys } of events)
      for (const key of keys) {
        const held = this.#flight?.documents.get(key) ?? this.#cache.get(key)
        if (held !== undefined) found.set(key, held)
        else if (!this.#cache.isComplete) missing.add(key)
      }
    if (missing.size === 0) return found
    const loaded = await storage.load(build, [...missing])
    for (const [key, { document, position }] of loaded) {
      const size =
        document === undefined ? 0 : sealJson(document, `document '${key}' of '${projection.name}'`)
      found.set(key, { document, position })
      this.#cache.set(key, { document, position, size })
    }
    return found
  }

  /** Begins a write of the lane; the next page is folded meanwhile. Its failure breaks the lease, also while the feed waits for events. */
  #takeOff(documents: ReadonlyMap<string, SizedWrite<Document>>, events: number): void {
    const next = { ...this.#lane, revision: randomUUID(), checkpoint: this.#cursor }
    const landed = this.#write({ number: 0, previous: this.#lane, next }, documents).then(() => {
      for (const [key, document] of documents) this.#cache.set(key, document)
      this.#lane = next
      this.#flight = undefined
      this.#movedAt = performance.now()
      announcementsOf(this.#options.storage).moved()
      this.#options.onCommit(events)
      this.#moveOn()
    })
    landed.catch((error: unknown) => {
      this.#broken.abort(error)
    })
    this.#flight = { documents, landed }
  }

  async #write(
    step: LaneStep,
    documents: ReadonlyMap<string, SizedWrite<Document>>,
  ): Promise<void> {
    const { storage, build, projection } = this.#options
    try {
      const outcome =
        documents.size > 0
          ? await storage.commit(build, step, [...documents.values()])
          : await storage.writeLane(build, step)
      if (outcome === 'committed' || outcome === true) return
      if (typeof outcome === 'object') throw refused(projection.name, storage.name, outcome.refused)
    } catch (error) {
      if (error instanceof DocumentRefusedError) throw error
      const lane = await storage.readLane(build, 0) // its reply was lost, perhaps: the lane's revision tells
      if (lane.revision === step.next.revision) return
      throw error
    }
    const { owner } = await storage.readLane(build, 0)
    throw new LaneTakenError({ projection: projection.name, readModel: storage.name, owner })
  }

  /** Moves the checkpoint over events that matched nothing: at once when somebody waits, else at most once a second. */
  #moveOn(): void {
    if (this.#flight !== undefined || this.#isAtCursor()) return
    if (this.#isOver || this.#broken.signal.aborted) return
    clearTimeout(this.#moveTimer)
    const dueMs = this.#movedAt + MOVE_INTERVAL_MS - performance.now()
    if (dueMs <= 0 || announcementsOf(this.#options.storage).isAwaited) this.#takeOff(new Map(), 0)
    else
      this.#moveTimer = setTimeout(() => {
        this.#moveOn()
      }, dueMs)
  }

  #isAtCursor(): boolean {
    return this.#cursor?.position === this.#lane.checkpoint?.position
  }

  /** Moves the checkpoint to where the log was looked at, and gives the lane back. */
  async #release(): Promise<void> {
    const next = {
      ...this.#lane,
      revision: randomUUID(),
      checkpoint: this.#cursor,
      owner: undefined,
    }
    await this.#write({ number: 0, previous: this.#lane, next }, new Map())
    announcementsOf(this.#options.storage).moved()
    this.#options.onCommit(0)
  }
}

/** Why a feed ends when the runner stops. */
const STOPPED = new Error('The runner stops.')

function refused(
  projection: string,
  readModel: string,
  documents: ReadonlyMap<string, Error>,
): DocumentRefusedError {
  const [[key, cause] = ['', new Error('no reason given.')]] = documents
  return new DocumentRefusedError({ projection, readModel, key }, { cause })
}
