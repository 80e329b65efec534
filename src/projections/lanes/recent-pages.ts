import type { Checkpoint } from '../../event-store/checkpoint.ts'
import type { LogPage } from '../../event-store/event-reader.ts'

const MOST_PAGES = 8
/** Events that are kept longer than it takes to fold them grow old: with 8000, building a read model takes 7 to 9 % longer. */
const MOST_EVENTS = 1000

interface RecentPage {
  /** Where its reading stood before. */
  readonly start: Checkpoint | undefined
  readonly page: LogPage
}

/** Where another reading meets these pages. */
export interface Meeting {
  /** The other one's page, up to where they meet. */
  readonly page: LogPage
  /** What these pages hold after it. */
  readonly rest: readonly LogPage[]
}

/**
 * The last pages of a reading: up to 8, and 1000 events unless one page has more.
 *
 * A place is found in them by position and event id only: where a page began or ended, or an event of it. That the reading went past a position does not
 * show that the log held this event there.
 */
export class RecentPages {
  readonly #pages: RecentPage[] = []
  #events = 0
  #place: Checkpoint | undefined

  /** @param start where the reading begins. */
  constructor(start: Checkpoint | undefined) {
    this.#place = start
  }

  /** How far the log was read. */
  get place(): Checkpoint | undefined {
    return this.#place
  }

  push(page: LogPage): void {
    this.#pages.push({ start: this.#place, page })
    this.#events += page.events.length
    this.#place = page.through
    while (
      this.#pages.length > MOST_PAGES ||
      (this.#events > MOST_EVENTS && this.#pages.length > 1)
    )
      this.#events -= this.#pages.shift()?.page.events.length ?? 0
  }

  /** What follows a place, without a gap, the first page cut where needed; undefined: the place is not found. */
  after(place: Checkpoint | undefined): readonly LogPage[] | undefined {
    if (isSame(place, this.#place)) return []
    const index = this.#pages.findLastIndex(({ start }) => positionOf(start) <= positionOf(place))
    const found = this.#pages[index]
    const rest = found && restOf(found, place)
    return rest && [rest, ...this.#pages.slice(index + 1).map(({ page }) => page)]
  }

  /** Finds the last place of another reading's page in these: its end, or one of its events. */
  meet(page: LogPage): Meeting | undefined {
    const rest = this.after(page.through)
    return rest === undefined ? this.#meetWithin(page) : { page, rest }
  }

  #meetWithin({ events }: LogPage): Meeting | undefined {
    const oldest = positionOf(this.#pages[0] === undefined ? this.#place : this.#pages[0].start)
    for (let index = endOf(events, positionOf(this.#place)) - 1; index >= 0; index--) {
      const { position, id: eventId } = events[index] as (typeof events)[number]
      if (position < oldest) return undefined
      const through = { position, eventId }
      const rest = this.after(through)
      if (rest !== undefined)
        return { page: { events: events.slice(0, endOf(events, position)), through }, rest }
    }
    return undefined
  }
}

/** The position of a place; 0: the beginning. */
export function positionOf(place: Checkpoint | undefined): bigint {
  return place?.position ?? 0n
}

function isSame(one: Checkpoint | undefined, other: Checkpoint | undefined): boolean {
  return one?.position === other?.position && one?.eventId === other?.eventId
}

function restOf({ start, page }: RecentPage, place: Checkpoint | undefined): LogPage | undefined {
  if (isSame(start, place)) return page
  const { events, through } = page
  const end = endOf(events, positionOf(place))
  // Parts of a split event share its position: any of them may be the one that the place names.
  for (let index = end - 1; events[index]?.position === place?.position; index--)
    if (events[index]?.id === place?.eventId) return { events: events.slice(end), through }
  return undefined
}

/** How many of the events stand at or before a position. */
function endOf(events: LogPage['events'], position: bigint): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >> 1
    const event = events[middle]
    if (event !== undefined && event.position <= position) low = middle + 1
    else high = middle
  }
  return low
}
