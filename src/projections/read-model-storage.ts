import type { Checkpoint } from '../event-store/checkpoint.ts'
import type { GlobalPosition } from '../event-store/global-position.ts'
import type { StreamId } from '../event-store/stream-id.ts'
import type { Build, BuildsRecord } from './builds/build.ts'

/**
 * The port that a sink implements: operations on a build (one physical copy of one projection version) and its lanes. Loops, leases, folding, caching,
 * repeating and rebuilding are the runner's.
 */
export interface ReadModelStorage<Document> {
  /** What it writes to, e.g. the database: one `name` in one sink is one read model. */
  readonly sink: object
  /** Names the read model in the sink, in errors and in status, e.g. the table. */
  readonly name: string
  /** How much one commit is to hold, about, in characters of JSON, so that it takes no longer than the sink's other users can wait. Undefined: as much as there is. */
  readonly commitCharacters?: number | undefined
  /** Events per page and commit while a build catches up with the log, where the runner was not told. Undefined: as many as while it follows. */
  readonly fillPageSize?: number | undefined

  /**
   * Makes the storage and the lane records of a build that stands in the builds record; idempotent; the only place that makes lane records.
   *
   * There is one record more than lanes. The last one, number `build.lanes`, has no keys: whoever owns it leads what is done to the build as a whole.
   */
  prepare(build: Build): Promise<void>
  /** Makes what only readers need, e.g. indexes, once a build is filled; idempotent. */
  finish(build: Build): Promise<void>
  readLane(build: Build, lane: number): Promise<LaneRecord>
  /** All records of a build by number, also the one without keys, as they were at one moment where the sink can tell; else each no older than the call. */
  readLanes(build: Build): Promise<readonly LaneRecord[]>
  /** Replaces a lane's record if its revision is still that of `previous`. False: it is not, and nothing was written. */
  writeLane(build: Build, lane: LaneStep): Promise<boolean>

  /**
   * The documents found under these keys, each with the position that it contains. A key without a document may be missing.
   *
   * @param lane whose owner asks, for its own keys: what others have written to them since it claimed the lane need not be found. Undefined: anybody asks.
   */
  load(
    build: Build,
    keys: readonly string[],
    lane?: number,
  ): Promise<ReadonlyMap<string, DocumentAt<Document>>>
  /**
   * Writes documents, deletions and parked events, and replaces the lane's record, in one atomic step, if the lane's revision is still that of `previous`.
   *
   * A sink that has no such step writes documents first, each only over what contains less of the log, and the lane last. It has `ahead`.
   *
   * @returns `'superseded'`: it is not; `refused`: the sink cannot hold these documents. Both: nothing was written, but documents where there is no atomic step.
   */
  commit(
    build: Build,
    lane: LaneStep,
    changes: LaneChanges<Document>,
  ): Promise<'committed' | 'superseded' | { readonly refused: ReadonlyMap<string, Error> }>
  /**
   * Writes documents of a lane's next commit while its last one is under way. That commit, if it comes, is given the same `writes`, does what is left of them,
   * and tells what went wrong. Only of sinks that do not write documents and lane in one atomic step.
   *
   * @param lane once somebody else has claimed it, nothing is written.
   * @returns settles when nothing of it is under way; never rejects.
   */
  writeAhead?(build: Build, lane: ClaimedLane, changes: DocumentChanges<Document>): Promise<void>
  /**
   * Where documents of a lane stand that are further in the log than its record, the furthest first, up to a hundred: a commit that was cut off left them.
   * Only of sinks that do not write documents and lane in one atomic step.
   */
  ahead?(build: Build, lane: number, record: LaneRecord): Promise<readonly Checkpoint[]>
  /** Reads all documents of a build in pages, in any order, each once. Memory stays bounded. */
  scan(build: Build): AsyncIterable<readonly DocumentWrite<Document>[]>
  /** Reads the parked events of a lane in pages, those of a key in the order of their positions; of one key, or of all. */
  readParked(build: Build, lane: number, key?: string): AsyncIterable<readonly ParkedEvent[]>

  /** Undefined: nothing was ever built here. */
  readBuilds(): Promise<BuildsRecord | undefined>
  /** Replaces the builds record if its revision is still that of `previous` (undefined: if there is none). False: nothing was written. */
  writeBuilds(previous: BuildsRecord | undefined, next: BuildsRecord): Promise<boolean>
  /** Makes readers from outside (a view, an alias) see this build, if it is the live one by the builds record; idempotent. */
  publish(build: Build): Promise<void>
  /** Removes a build, its lane records first, with its parked events; idempotent. */
  drop(build: Build): Promise<void>

  /** Writes a runner's record, and gives those of all runners of this read model, its own among them. */
  beat(member: Member): Promise<readonly Member[]>
  /** Removes a runner's record; idempotent. */
  leave(runner: string): Promise<void>
}

/** How far a lane is, and who moves it. */
export interface LaneRecord {
  /** Random, a new one with every write: what every write compares. */
  readonly revision: string
  /** Counts claims, from 0. */
  readonly epoch: number
  /** The runner that claimed the lane; undefined: it was released, or never claimed. */
  readonly owner: string | undefined
  /** After how many milliseconds without a new revision its owner has lost it; its owner's choice. */
  readonly leaseMs: number
  /** How many claims in a row brought the lane no further; 0: the last one did. */
  readonly barrenClaims: number
  /** How far the log was folded; undefined: not begun. */
  readonly checkpoint: Checkpoint | undefined
  /** The owner is about to switch readers to another build, and does not move the lane meanwhile. */
  readonly isHeld: boolean
  /** Position of the first parked event, of each key that has any: later events of these keys are parked behind. */
  readonly parked: ReadonlyMap<string, GlobalPosition>
  /** What the owner is asked to do with parked events, in this order. */
  readonly requests: readonly LaneRequest[]
  /** Why the lane is not moved until somebody starts a runner or resumes the projection; undefined: it is moved. */
  readonly stall: LaneStall | undefined
}

/** Asks a lane's owner to fold the parked events of a key: all of them, or those after the first, which is given up. */
export interface LaneRequest {
  readonly id: string
  readonly key: string
  /** The event that is given up, if it is the first parked one then; undefined: none is. */
  readonly discard: Discard | undefined
}

/** Gives up a parked event. */
export interface Discard {
  readonly position: GlobalPosition
  /** Kept with the event. */
  readonly reason: string
}

/** What stopped a lane. */
export interface LaneStall {
  readonly code: string
  readonly message: string
}

/** One step of a lane's record. */
export interface LaneStep {
  /** Number of the lane, from 0. */
  readonly number: number
  readonly previous: LaneRecord
  readonly next: LaneRecord
}

/** A lane, and the claim under which it is written. */
export interface ClaimedLane extends Pick<LaneRecord, 'epoch' | 'leaseMs'> {
  /** From 0. */
  readonly number: number
}

/** What one commit writes. */
export interface LaneChanges<Document> {
  /** Each key once. A document that is undefined is deleted. */
  readonly writes: readonly DocumentWrite<Document>[]
  /** Events to set aside: each key and position once, not among `unpark`. */
  readonly park: readonly ParkedEvent[]
  /** Parked events that are done with. */
  readonly unpark: readonly UnparkedEvent[]
  /** Throws unless the log holds an event: asked where a document was found that is further than the one to be written. */
  readonly requireInLog?: ((place: Checkpoint) => Promise<void>) | undefined
}

/** What one commit writes of documents. */
export type DocumentChanges<Document> = Pick<LaneChanges<Document>, 'writes' | 'requireInLog'>

/** An event that was set aside because its row threw, the sink refused what it made, or an earlier event of its key was set aside. */
export interface ParkedEvent {
  readonly key: string
  readonly position: GlobalPosition
  /** Where it stands in the event store. */
  readonly streamId: StreamId
  readonly version: number
  /** What went wrong; undefined: it waits behind an earlier one. */
  readonly error: string | undefined
  /** Why it was given up; undefined: it was not. What was given up is kept, and never folded. */
  readonly discarded: string | undefined
}

/** With a reason, the parked event is kept as given up; without one it is removed. */
export type UnparkedEvent = Pick<ParkedEvent, 'key' | 'position' | 'discarded'>

/** A runner that runs a projection into a read model, with or without lanes. */
export interface Member {
  /** Names the runner. */
  readonly runner: string
  /** Random, a new one with every beat: others take a runner for gone when it did not change for `leaseMs` by their own clock. */
  readonly revision: string
  readonly leaseMs: number
  /** Version of the projection in its code. */
  readonly version: number
  /** Fingerprint of the projection in its code. */
  readonly fingerprint: string
}

/** A document as it stands in a sink, with the position of the last event that it contains. */
export interface DocumentAt<Document> {
  readonly document: Document | undefined
  readonly position: GlobalPosition
}

export interface DocumentWrite<Document> extends DocumentAt<Document> {
  readonly key: string
  /** Id of the event at `position`, where a document is written. */
  readonly eventId?: string | undefined
}
