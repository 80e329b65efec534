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
  /** What the sink refuses is given to it again in smaller parts. */
  readonly isNarrowed: boolean
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
export function refuseReaction<Document, Event extends RecordedEvent>({
  projection,
  startAt,
}: ProjectionContext<Document, Event>): void {
  if (startAt !== undefined)
    throw new TypeError(
      `'${projection.name}' is a reaction: it has no documents to compare, and is never run again by a rebuild.`,
    )
}

/** @throws {TypeError} it makes no documents. */
export function foldOf<Document, Event extends RecordedEvent>(
  context: ProjectionContext<Document, Event>,
): Projection<Document, Event> {
  refuseReaction(context)
  if (context.fold !== undefined) return context.fold
  throw new TypeError(
    `'${context.projection.name}' ${NO_FOLD}: it cannot be verified. Compare its tables yourself, or call rebuild('${context.projection.name}') to make them anew.`,
  )
}

/** Why a projection cannot be compared with a fold in memory. */
export const NO_FOLD = 'is an SQL projection, which no fold in memory can repeat'

/** Is told how one lane is doing. */
export interface OneLaneReport {
  /** It was written. */
  readonly committed: (events: number) => void
  /** Something failed, and is tried again until it is written. */
  readonly retries: (error: Error, pauseMs: number) => void
  /** This runner has it no more. */
  readonly left: () => void
}

/** Is told how the lanes are doing, and what is not a lane's. */
export interface LaneReport {
  runs(): void
  readonly retries: (error: Error, pauseMs: number) => void
  /** @param lane names it among all lanes of all builds. */
  ofLane(lane: string): OneLaneReport
  parked(lane: number): (setback: Setback<RecordedEvent>) => void
  laneLost(lane: number, error: LaneTakenError): void
  failed(error: unknown): void
  readonly isUnfinished: (error: unknown) => void
}
