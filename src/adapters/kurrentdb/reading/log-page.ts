import type { Checkpoint } from '../../../event-store/checkpoint.ts'
import type { LogRange, StoredLogPage } from '../../../event-store/event-storage.ts'
import { StoreRewoundError } from '../../../event-store/store-rewound-error.ts'
import type { StoredEvent } from '../../../event-store/stored-event.ts'
import type { KurrentRecordedEvent, KurrentResolvedEvent } from '../client/kurrent-client.ts'
import { charactersOf } from '../events/characters-of.ts'
import { checkpointOf, eventOf, positionOf } from '../events/stored.ts'
import { NoSuchPosition, type KurrentReader } from './kurrent-reader.ts'
import type { LogHead } from './log-head.ts'
import { PAGE_CHARACTERS } from './stream-page.ts'

/** With 2000, so many events are alive at once that a log is read 3 % slower. */
const PAGE_EVENTS = 1000

/** Reads a page of the log without a filter. The read begins at `after` itself, so that it shows in the same answer whether the log still holds it. */
export async function readLogPage(
  { reader, head }: LogSource,
  range: Pick<LogRange, 'after' | 'until' | 'isBelowHead' | 'limit'>,
): Promise<StoredLogPage> {
  const limit = Math.min(range.limit, PAGE_EVENTS)
  const page = new LogPage(reader, { ...range, limit })
  const { after } = range
  try {
    await page.read()
  } catch (error) {
    if (!(error instanceof NoSuchPosition) || after === undefined) throw error
    throw new StoreRewoundError(after, await head.find(), { cause: error })
  }
  if (!page.isAfterFound && after !== undefined)
    throw new StoreRewoundError(after, await head.find())
  const { events, through, isFull, next } = page
  if (page.hasReachedEnd) return { events, through, head: through, isFull }
  // A read as far as a head that was told before need not ask for it again.
  const known = range.isBelowHead === true ? (next ?? through) : undefined
  return { events, through, head: known ?? (await head.find()), isFull }
}

export interface LogSource {
  readonly reader: KurrentReader
  readonly head: LogHead
}

class LogPage {
  readonly events: StoredEvent[] = []
  isAfterFound = false
  isFull = false
  hasReachedEnd = false
  /** The first event beyond `until`. */
  next: Checkpoint | undefined
  readonly #reader: KurrentReader
  readonly #range: Pick<LogRange, 'after' | 'until' | 'limit'>
  /** The last event. */
  #through: KurrentRecordedEvent | undefined
  /** The last record of any kind that was seen: the next read begins there. */
  #seen: KurrentRecordedEvent | undefined
  #characters = 0
  #isCut = false

  constructor(reader: KurrentReader, range: Pick<LogRange, 'after' | 'until' | 'limit'>) {
    this.#reader = reader
    this.#range = range
  }

  get through(): Checkpoint | undefined {
    return this.#through === undefined ? this.#range.after : checkpointOf(this.#through)
  }

  /** Reads until the page is full, cut by `until`, or the log ends: records of the server's own take room in a read, not in the page. */
  async read(): Promise<void> {
    for (;;) {
      const from = this.#seen === undefined ? this.#range.after : checkpointOf(this.#seen)
      const maxCount = this.#range.limit - this.events.length + 1
      let records = 0
      const place = { from: from?.position ?? ('start' as const), direction: 'forwards' as const }
      await this.#reader.log({ ...place, maxCount }, (resolved) => {
        records++
        return records === 1 ? this.#takeFirst(resolved, from) : this.#take(resolved)
      })
      if (from === this.#range.after && from !== undefined && !this.isAfterFound) return
      if (this.isFull || this.#isCut) return
      this.hasReachedEnd = records < maxCount
      if (this.hasReachedEnd) return
    }
  }

  /** The first record is where the last read stopped: `after` has to be there, one of the server's own may have been scavenged since. */
  #takeFirst(resolved: KurrentResolvedEvent, from: Checkpoint | undefined): boolean {
    const place = resolved.event && checkpointOf(resolved.event)
    if (from !== undefined && from === this.#range.after) {
      this.isAfterFound = place?.position === from.position && place.eventId === from.eventId
      return this.isAfterFound
    }
    return place?.position === from?.position && from !== undefined ? true : this.#take(resolved)
  }

  #take(resolved: KurrentResolvedEvent): boolean {
    const record = resolved.event
    if (record === undefined) return true
    const event = eventOf(resolved)
    if (this.#range.until !== undefined && positionOf(record) > this.#range.until) {
      this.next = event && checkpointOf(event)
      this.#isCut = true
      return false
    }
    this.#seen = record
    if (event === undefined) return true
    const stored = this.#reader.stored(event)
    this.events.push(stored)
    this.#through = event
    this.#characters += charactersOf(stored.parsed)
    this.isFull = this.events.length === this.#range.limit || this.#characters >= PAGE_CHARACTERS
    return !this.isFull
  }
}
