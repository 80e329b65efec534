import type { Checkpoint } from '../../event-store/checkpoint.ts'
import type { EventReader, LogPage } from '../../event-store/event-reader.ts'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import type { OnFailure, Setback } from '../folding/fold.ts'
import type { Definition } from '../definition.ts'
import type { ProjectionFilter } from '../projection-filter.ts'
import type { LaneClaim } from './lane-claim.ts'
import type { MakeLaneWork } from './lane-work.ts'
import type { PageKeys } from './page-keys.ts'
import type { WantedPart } from './wanted-part.ts'

/** What a lane is run with. */
export interface LaneOptions<Document, Event extends RecordedEvent> extends LaneClaim<Document> {
  readonly projection: Definition<Event>
  readonly filter: ProjectionFilter<Event>
  readonly pageKeys: PageKeys<Event>
  readonly makeWork: MakeLaneWork<Document, Event>
  /** Where parked events are read again. */
  readonly store: EventReader
  /** Most bytes of documents held in memory. */
  readonly cacheBytes: number
  readonly onFailure: OnFailure
  /** What the sink refuses is given to it again in smaller parts. */
  readonly isNarrowed: boolean
  /** Told of every commit, with the number of events that it folded. */
  readonly onCommit: (events: number) => void
  /** Told of every failure that is tried again, and after how many milliseconds. */
  readonly onRetry: (error: Error, pauseMs: number) => void
  /** Told of every event that was parked because of an error of its own. */
  readonly onPark: (setback: Setback<Event>) => void
}

/** What lanes fold: pages from a checkpoint on, at least with what is wanted of them. Ends where its maker says. */
export type Feed = (
  after: Checkpoint | undefined,
  signal: AbortSignal,
  wanted?: WantedPart,
) => AsyncIterable<LogPage>
