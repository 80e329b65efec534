import type { LogPage } from '../../event-store/event-reader.ts'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import { keyEvents, type KeyedEvent } from '../folding/fold.ts'
import type { Definition } from '../definition.ts'
import type { ProjectionFilter } from '../projection-filter.ts'
import { laneOf } from './lane-of.ts'

/** Gives each lane its part of a page: the events that matter to it, each with its keys. Several lanes that ask for one page share the work. */
export class PageKeys<Event extends RecordedEvent> {
  readonly #definition: Definition<Event>
  readonly #filter: ProjectionFilter<Event>
  readonly #lanes: number
  readonly #parts = new WeakMap<LogPage, Parts<Event>>()

  constructor(definition: Definition<Event>, filter: ProjectionFilter<Event>, lanes: number) {
    this.#definition = definition
    this.#filter = filter
    this.#lanes = lanes
  }

  /** @throws {ProjectionFailedError} the key function threw. */
  of(page: LogPage, lane: number): readonly KeyedEvent<Event>[] {
    if (this.#lanes === 1) return this.#keyed(page)
    const parts = this.#parts.get(page) ?? this.#divide(page)
    this.#parts.set(page, parts)
    return parts[lane] ?? []
  }

  #keyed({ events }: LogPage): readonly KeyedEvent<Event>[] {
    const matching = events.filter((event) => this.#filter.accepts(event))
    return keyEvents(this.#definition, matching)
  }

  #divide(page: LogPage): Parts<Event> {
    const parts = Array.from({ length: this.#lanes }, (): KeyedEvent<Event>[] => [])
    for (const keyed of this.#keyed(page)) {
      const [key = '', ...others] = keyed.keys
      if (others.length === 0) parts[laneOf(key, this.#lanes)]?.push(keyed)
      else
        for (const [lane, keys] of this.#byLane(keyed.keys))
          parts[lane]?.push({ event: keyed.event, keys })
    }
    return parts
  }

  #byLane(keys: readonly string[]): ReadonlyMap<number, readonly string[]> {
    const byLane = new Map<number, string[]>()
    for (const key of keys) {
      const lane = laneOf(key, this.#lanes)
      const own = byLane.get(lane)
      if (own === undefined) byLane.set(lane, [key])
      else own.push(key)
    }
    return byLane
  }
}

/** By the number of the lane. */
type Parts<Event> = readonly (readonly KeyedEvent<Event>[])[]
