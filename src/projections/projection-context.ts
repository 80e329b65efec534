import type { EventStore } from '../event-store/event-store.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import type { OnFailure, Setback } from './folding/fold.ts'
import type { LaneTakenError } from './lanes/lane-taken-error.ts'
import type { Definition } from './definition.ts'
import type { MakeLaneWork } from './lanes/lane-work.ts'
import type { Projection } from './projection.ts'
import type { ReactionStart } from './reactions/reaction.ts'
import type { ProjectionFilter } from './projection-filter.ts'
import type { ReadModelStorage } from './read-model-storage.ts'

/** One projection into one read model, as one runner runs it. */
export interface ProjectionContext<Document, Event extends RecordedEvent> {
  readonly projection: Definition<Event>
  readonly makeWork: MakeLaneWork<Document, Event>
  /** What the documents must equal; undefined: there are none. */
  readonly fold: Projection<Document, Event> | undefined
  /** Where a reaction begins; undefined: it is none. */
  readonly startAt: ReactionStart | undefined
  readonly filter: ProjectionFilter<Event>
  /** Of the projection in this code. */
  readonly fingerprint: string
  readonly storage: ReadModelStorage<Document>
  readonly store: EventStore
  /** Names the runner. */
  readonly runner: string
  readonly leaseMs: number
  readonly cacheBytes: number
  readonly onFailure: OnFailure
  readonly report: LaneReport
}

/** @throws {TypeError} it is a reaction. */
export function foldOf<Document, Event extends RecordedEvent>({
  projection,
  fold,
}: ProjectionContext<Document, Event>): Projection<Document, Event> {
  if (fold !== undefined) return fold
  throw new TypeError(
    `'${projection.name}' is a reaction: it has no documents to compare, and is never run again by a rebuild.`,
  )
}

/** Is told how the lanes are doing. */
export interface LaneReport {
  runs(): void
  committed(events: number): void
  readonly retries: (error: Error, pauseMs: number) => void
  parked(lane: number): (setback: Setback<RecordedEvent>) => void
  laneLost(lane: number, error: LaneTakenError): void
  failed(error: unknown): void
  readonly isUnfinished: (error: unknown) => void
}
