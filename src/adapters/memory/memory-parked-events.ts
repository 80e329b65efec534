import type { GlobalPosition } from '../../event-store/global-position.ts'
import type { ParkedEvent, UnparkedEvent } from '../../projections/read-model-storage.ts'

const PAGE_EVENTS = 1000

/** The events that one lane has set aside. */
export class MemoryParkedEvents {
  readonly #keys = new Map<string, Map<GlobalPosition, ParkedEvent>>()

  change(park: readonly ParkedEvent[], unpark: readonly UnparkedEvent[]): void {
    for (const event of park) this.#eventsOf(event.key).set(event.position, { ...event })
    for (const { key, position, discarded } of unpark) {
      const events = this.#keys.get(key)
      const event = events?.get(position)
      if (event !== undefined && discarded !== undefined)
        events?.set(position, { ...event, discarded })
      else events?.delete(position)
      if (events?.size === 0) this.#keys.delete(key)
    }
  }

  /** Of all keys or of one, by the places that are there when it begins. */
  *read(only?: string): Generator<readonly ParkedEvent[]> {
    let page: ParkedEvent[] = []
    for (const key of only === undefined ? [...this.#keys.keys()] : [only])
      for (const position of [...(this.#keys.get(key)?.keys() ?? [])].toSorted(compare)) {
        const event = this.#keys.get(key)?.get(position)
        if (event !== undefined) page.push({ ...event })
        if (page.length < PAGE_EVENTS) continue
        yield page
        page = []
      }
    if (page.length > 0) yield page
  }

  #eventsOf(key: string): Map<GlobalPosition, ParkedEvent> {
    const known = this.#keys.get(key)
    if (known !== undefined) return known
    const events = new Map<GlobalPosition, ParkedEvent>()
    this.#keys.set(key, events)
    return events
  }
}

const compare = (one: GlobalPosition, other: GlobalPosition): number => (one < other ? -1 : 1)
