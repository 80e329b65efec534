import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import type { FailurePolicy, Folded, KeyedEvent, SizedWrite } from '../folding/fold.ts'
import type { LaneClaim } from './lane-claim.ts'

/** What is done with the events of a lane: they are folded into documents, or reacted to. It lasts as long as the lease. */
export interface LaneWork<Document, Event extends RecordedEvent> {
  /** Begins only when all that it gave before is committed. Else it goes on meanwhile. */
  readonly isInTurn: boolean
  /** How many parked events are done before they are committed, at most. */
  readonly parkedAtOnce: number

  /** Does the first of some events, or all of them. What it throws ends the lease: what it gave before is committed. */
  run(events: readonly KeyedEvent<Event>[]): Promise<Done<Document, Event>>
  /** Is told that documents that it gave are committed. */
  committed(documents: ReadonlyMap<string, SizedWrite<Document>>): void
  /** Does parked events of a key again, all of them or those before the first that fails: that one is a setback then. */
  runParked(key: string, events: readonly Event[]): Promise<Folded<Document, Event>>
}

/** What is to be committed. */
export interface Done<Document, Event> extends Folded<Document, Event> {
  /** How many of the events were done, or set back. Those of one position stay together. */
  readonly count: number
  /** It is to be committed at once. */
  readonly isDue: boolean
}

/** A lane, as its work sees it. */
export interface WorkedLane<Document> extends LaneClaim<Document> {
  /** Nothing was done in it before. */
  readonly isNew: boolean
  /** Most bytes of documents held in memory. */
  readonly cacheBytes: number
  readonly policy: FailurePolicy
  /** Aborted when the lane is not this runner's any more: nothing that is done counts. */
  readonly lost: AbortSignal
  /** Aborted when the lease ends, with its reason, e.g. because the runner stops: what is in hand is finished then. */
  readonly stopped: AbortSignal
  /** Told of every failure that is tried again, and after how many milliseconds. */
  readonly onRetry: (error: Error, pauseMs: number) => void
}

export type MakeLaneWork<Document, Event extends RecordedEvent> = (
  lane: WorkedLane<Document>,
) => LaneWork<Document, Event>
