import type { Checkpoint } from '../event-store/checkpoint.ts'
import type { GlobalPosition } from '../event-store/global-position.ts'
import type { Build, BuildsRecord } from './build.ts'

/**
 * The port that a sink implements: operations on a build (one physical copy of one projection version) and its lanes. Loops, folding, caching,
 * repeating and rebuilding are the runner's.
 */
export interface ReadModelStorage<Document> {
  /** What it writes to, e.g. the database: one `name` in one sink is one read model. */
  readonly sink: object
  /** Names the read model in the sink, in errors and in status, e.g. the table. */
  readonly name: string

  /** Makes the storage and the lane records of a build that stands in the builds record; idempotent; the only place that makes lane records. */
  prepare(build: Build): Promise<void>
  readLane(build: Build, lane: number): Promise<LaneRecord>
  /** Replaces a lane's record if its revision is still that of `previous`. False: it is not, and nothing was written. */
  writeLane(build: Build, lane: LaneStep): Promise<boolean>

  /** The documents found under these keys, each with the position that it contains. A key without a document may be missing. */
  load(build: Build, keys: readonly string[]): Promise<ReadonlyMap<string, DocumentAt<Document>>>
  /**
   * Writes documents and deletions (`document` undefined), each with its position, and replaces the lane's record, in one atomic step, if the
   * lane's revision is still that of `previous`.
   *
   * @returns `'superseded'`: it is not; `refused`: the sink cannot hold these documents. Both: nothing was written.
   */
  commit(
    build: Build,
    lane: LaneStep,
    writes: readonly DocumentWrite<Document>[],
  ): Promise<'committed' | 'superseded' | { readonly refused: ReadonlyMap<string, Error> }>
  /** Reads all documents of a build in pages, in any order, each once. Memory stays bounded. */
  scan(build: Build): AsyncIterable<readonly DocumentWrite<Document>[]>

  /** Undefined: nothing was ever built here. */
  readBuilds(): Promise<BuildsRecord | undefined>
  /** Replaces the builds record if its revision is still that of `previous` (undefined: if there is none). False: nothing was written. */
  writeBuilds(previous: BuildsRecord | undefined, next: BuildsRecord): Promise<boolean>
  /** Makes readers from outside (a view, an alias) see this build; idempotent. */
  publish(build: Build): Promise<void>
  /** Removes a build, its lane records first; idempotent. */
  drop(build: Build): Promise<void>
}

/** How far a lane is, and who moves it. */
export interface LaneRecord {
  /** Random, a new one with every write: what every write compares. */
  readonly revision: string
  /** Counts claims, from 0. */
  readonly epoch: number
  /** The runner that claimed the lane; undefined: it was released, or never claimed. */
  readonly owner: string | undefined
  /** How far the log was folded; undefined: not begun. */
  readonly checkpoint: Checkpoint | undefined
  /** The owner is about to switch readers to another build, and does not move the lane meanwhile. */
  readonly isHeld: boolean
}

/** One step of a lane's record. */
export interface LaneStep {
  /** Number of the lane, from 0. */
  readonly number: number
  readonly previous: LaneRecord
  readonly next: LaneRecord
}

/** A document as it stands in a sink, with the position of the last event that it contains. */
export interface DocumentAt<Document> {
  readonly document: Document | undefined
  readonly position: GlobalPosition
}

export interface DocumentWrite<Document> extends DocumentAt<Document> {
  readonly key: string
}
