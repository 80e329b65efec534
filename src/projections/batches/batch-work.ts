import type { GlobalPosition } from '../../event-store/global-position.ts'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import type { Folded, KeyedEvent, SizedWrite } from '../folding/fold.ts'
import type { Done, LaneWork, WorkedLane } from '../lanes/lane-work.ts'

/** What a lane hands to a sink that makes of events what it likes: events in the order of the log, whole positions. */
export type EventBatch<Event extends RecordedEvent> = readonly Event[]

/**
 * Hands the events of a lane to its sink in batches, each as if it were one document: its key is its last position.
 *
 * Where the sink refuses a batch, one event of it is to blame. Half of what the batch held is given then, and so on: until that event is given alone, and all
 * before it are committed.
 */
export class BatchWork<Event extends RecordedEvent> implements LaneWork<EventBatch<Event>, Event> {
  readonly isInTurn = false
  readonly parkedAtOnce = 1
  readonly #lane: WorkedLane<EventBatch<Event>>

  constructor(lane: WorkedLane<EventBatch<Event>>) {
    this.#lane = lane
  }

  async run(keyed: readonly KeyedEvent<Event>[]): Promise<Done<EventBatch<Event>, Event>> {
    const events = keyed.map(({ event }) => event)
    const document = events.slice(0, this.#endOfBatch(events))
    const documents = new Map<string, SizedWrite<EventBatch<Event>>>()
    const last = document.at(-1)
    if (last !== undefined) {
      const { position } = last
      documents.set(`${position}`, { key: `${position}`, document, position, size: 0 })
    }
    return { documents, setbacks: [], count: document.length, isDue: document.length > 0 }
  }

  /** Nothing is held. */
  committed(): void {
    return
  }

  /** Nothing is ever parked. */
  async runParked(): Promise<Folded<EventBatch<Event>, Event>> {
    return { documents: new Map(), setbacks: [] }
  }

  /** Behind all of them, or half of those up to the end of the shortest batch that was refused. */
  #endOfBatch(events: EventBatch<Event>): number {
    const [first] = events
    const suspect = first && this.#refusedFrom(first.position)
    if (suspect === undefined) return events.length
    const positions = new Set(
      events.map(({ position }) => position).filter((position) => position <= suspect),
    )
    const half = [...positions][Math.max(1, positions.size >> 1)]
    const end = events.findIndex(({ position }) => position === half || position > suspect)
    return end === -1 ? events.length : end
  }

  #refusedFrom(place: GlobalPosition): bigint | undefined {
    const ends = [...this.#lane.policy.setAside.keys()].map(BigInt).filter((end) => end >= place)
    return ends.reduce<bigint | undefined>(
      (nearest, end) => (nearest === undefined || end < nearest ? end : nearest),
      undefined,
    )
  }
}
