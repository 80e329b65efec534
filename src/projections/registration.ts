import type { RecordedEvent } from '../event-store/recorded-event.ts'
import type { Definition } from './definition.ts'
import type { OnFailure } from './folding/fold.ts'
import type { MakeLaneWork } from './lanes/lane-work.ts'
import type { Projection } from './projection.ts'
import type { ReactionStart } from './reactions/reaction.ts'
import type { ReadModelStorage } from './read-model-storage.ts'

/** How a projection is run into a read model. */
export interface Placement {
  /** Into how many lanes the keys of a new build are spread, 1 to 64: so many runners can share the work. Default 1. */
  readonly lanes?: number | undefined
  /**
   * What becomes of an event whose row throws, or whose document the read model refuses. `'stop'`, the default: its lane stops before it, and the status
   * says why. `'park'`: it is set aside with all later events of its key, in order, until `retryParked` or `discardParked`; all other keys go on.
   */
  readonly onFailure?: OnFailure | undefined
  /** Whether readers are switched to a new build once it is verified, or by `runner.switchReaders(name)`. Default `'automatic'`. */
  readonly switch?: 'automatic' | 'manual' | undefined
}

/** What a runner runs; made by `project(projection).into(readModel)`, `react(reaction).with(checkpoints)` and `sqlProjection(...).into({ database })`. */
export interface Registration {
  /** Name of the projection or the reaction. */
  readonly name: string
  /** @internal Hands all of it to a function that knows that its types belong together. */
  readonly use: <Result>(
    user: <Document, Event extends RecordedEvent>(placed: Placed<Document, Event>) => Result,
  ) => Result
}

/** A projection or a reaction, and where it keeps what it makes. */
export interface Placed<Document, Event extends RecordedEvent> {
  readonly definition: Definition<Event>
  readonly storage: ReadModelStorage<Document>
  readonly placement: Placement
  readonly makeWork: MakeLaneWork<Document, Event>
  /** What the documents must equal; undefined: there are none. */
  readonly fold: Projection<Document, Event> | undefined
  /** Where a reaction begins; undefined: it is none. */
  readonly startAt: ReactionStart | undefined
  /** What the sink refuses is given to it again in smaller parts; else it is dealt with as `onFailure` says. */
  readonly isNarrowed: boolean
}

/** Most lanes of a build. */
const MAX_LANES = 64

/** @throws {RangeError} it is not a whole number from 1 to 64. */
export function checkLanes(lanes = 1): void {
  if (!Number.isInteger(lanes) || lanes < 1 || lanes > MAX_LANES)
    throw new RangeError(`lanes is ${lanes}. Use a whole number from 1 to ${MAX_LANES}.`)
}
