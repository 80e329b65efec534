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
  readonly #parts = new WeakMap<LogPage, ReadonlyMap<number, readonly KeyedEvent<Event>[]>>()

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
    return parts.get(lane) ?? []
  }

  #keyed({ events }: LogPage): readonly KeyedEvent<Event>[] {
    const matching = events.filter((event) => this.#filter.accepts(event))
    return keyEvents(this.#definition, matching)
  }

  #divide(page: LogPage): ReadonlyMap<number, readonly KeyedEvent<Event>[]> {
    const parts = new Map<number, KeyedEvent<Event>[]>()
    for (const { event, keys } of this.#keyed(page)) {
      const lanes = new Set(keys.map((key) => laneOf(key, this.#lanes)))
      for (const lane of lanes) {
        const own =
          lanes.size === 1 ? keys : keys.filter((key) => laneOf(key, this.#lanes) === lane)
        const part = parts.get(lane)
        if (part === undefined) parts.set(lane, [{ event, keys: own }])
        else part.push({ event, keys: own })
      }
    }
    return parts
  }
}
