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

  constructor(definition: Definition<Event>, filter: ProjectionFilter<Event>, lanes: number) {
    this.#definition = definition
    this.#filter = filter
    this.#lanes = lanes
  }

  /** @throws {ProjectionFailedError} the key function threw. */
  of(page: LogPage, lane: number): readonly KeyedEvent<Event>[] {
    if (this.#lanes === 1) return this.#keyed(page)
    return this.#partsOf(page)[lane] ?? []
  }

  #partsOf(page: DividedPage): Parts<Event> {
    const known = page[DIVIDED]?.get(this) as Parts<Event> | undefined
    if (known !== undefined) return known
    const parts = this.#divide(page)
    page[DIVIDED] = (page[DIVIDED] ?? new Map<object, unknown>()).set(this, parts)
    return parts
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

/**
 * What a page was divided into, by whom. It lies on the page: a WeakMap makes V8 keep the events of many pages until they are old. Building a read model
 * by two runners with two lanes then takes three times as long to collect garbage.
 */
const DIVIDED = Symbol('divided')

interface DividedPage extends LogPage {
  [DIVIDED]?: Map<object, unknown>
}

/** By the number of the lane. */
type Parts<Event> = readonly (readonly KeyedEvent<Event>[])[]
