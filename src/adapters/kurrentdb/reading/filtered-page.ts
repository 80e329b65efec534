import type { Checkpoint } from '../../../event-store/checkpoint.ts'
import type { LogRange, StoredLogPage } from '../../../event-store/event-storage.ts'
import { StoreRewoundError } from '../../../event-store/store-rewound-error.ts'
import type { StoredEvent } from '../../../event-store/stored-event.ts'
import { charactersOf } from '../events/characters-of.ts'
import { checkpointOf, eventOf } from '../events/stored.ts'
import { filteredRead } from './filtered-read.ts'
import { logFilter } from './log-filter.ts'
import { readLogPage, type LogSource } from './log-page.ts'
import { PAGE_CHARACTERS } from './stream-page.ts'

/** Reads a page of the log that holds only events of some types or categories. */
export async function readFilteredPage(source: LogSource, range: LogRange): Promise<StoredLogPage> {
  const { after, until } = range
  const head = await source.head.find()
  const to = until === undefined || (head && head.position < until) ? head?.position : until
  const start = after?.position ?? 0n
  const page = new FilteredPage(source, range)
  if (to !== undefined && start < to) await page.read(to)
  // Asked for after the page, not before: a log that was set back meanwhile shows it now.
  if (after !== undefined && !(await contains(source, after)))
    throw new StoreRewoundError(after, head)
  const { events, isFull } = page
  const last = events.at(-1)
  if (isFull && last) return { events, through: placeOf(last), head, isFull }
  if (to === undefined || start >= to) return { events, through: after, head, isFull }
  const through = to === head?.position ? head : await lastUpTo(source, { ...range, to, last })
  return { events, through, head, isFull }
}

/** Tells whether the log holds the event of a checkpoint. */
export async function contains(
  { reader }: LogSource,
  { position, eventId }: Checkpoint,
): Promise<boolean> {
  if (position === 0n || eventId === '') return false
  const record = await reader.at(position)
  return record !== undefined && checkpointOf(record).eventId === eventId
}

const placeOf = ({ position, id }: StoredEvent): Checkpoint => ({ position, eventId: id })

/** The last event of any kind of ours at or before a place: mostly the one that stands there. */
async function lastUpTo(
  source: LogSource,
  range: LogRange & { readonly to: bigint; readonly last: StoredEvent | undefined },
): Promise<Checkpoint | undefined> {
  const record = await source.reader.at(range.to)
  if (record !== undefined && eventOf({ event: record }) !== undefined) return checkpointOf(record)
  const { until, limit, last } = range
  let after = last === undefined ? range.after : placeOf(last)
  for (;;) {
    const { through, isFull } = await readLogPage(source, {
      after,
      until,
      limit,
      isBelowHead: true,
    })
    if (!isFull) return through
    after = through
  }
}

class FilteredPage {
  readonly events: StoredEvent[] = []
  isFull = false
  readonly #source: LogSource
  readonly #range: LogRange
  #characters = 0

  constructor(source: LogSource, range: LogRange) {
    this.#source = source
    this.#range = range
  }

  async read(to: bigint): Promise<void> {
    const { after } = this.#range
    const { prefixes, matches } = logFilter(this.#range)
    if (prefixes === undefined) return
    const { reader } = this.#source
    const isWhole = await filteredRead(reader, { after, to, prefixes }, (resolved) => {
      const event = eventOf(resolved)
      if (event === undefined || !matches(event)) return true
      const stored = reader.stored(event)
      this.events.push(stored)
      this.#characters += charactersOf(stored.parsed)
      return this.events.length < this.#range.limit && this.#characters < PAGE_CHARACTERS
    })
    this.isFull = !isWhole
  }
}
