import { setImmediate as turn } from 'node:timers/promises'
import { MemoryEventStorage } from '../../src/adapters/memory/memory-event-storage.ts'
import type { Checkpoint } from '../../src/event-store/checkpoint.ts'
import { createEventStore } from '../../src/event-store/create-event-store.ts'
import { defineEvents } from '../../src/event-store/event-catalog.ts'
import { event } from '../../src/event-store/event-definition.ts'
import type { LogPage, SubscribeOptions } from '../../src/event-store/event-reader.ts'
import type { EventStore } from '../../src/event-store/event-store.ts'
import { globalPosition } from '../../src/event-store/global-position.ts'
import { streamId } from '../../src/event-store/stream-id.ts'
import { SharedFeed, type SharedFeedOptions } from '../../src/projections/lanes/shared-feed.ts'
import type { ReadLog } from '../../src/projections/lanes/shared-reading.ts'
import type { WantedPart } from '../../src/projections/lanes/wanted-part.ts'
import { wrapStorage } from '../event-store/wrap-storage.ts'

const NEVER_MS = 20_000

const counterEvents = defineEvents('counter', {
  Counted: event<Record<string, never>>(),
  Other: event<Record<string, never>>(),
})

/** A log in memory that counts what is asked of it. */
export class CountedLog {
  /** Pages that were asked for. */
  reads = 0
  /** Iterations that were begun. */
  begun = 0
  /** Iterations that were begun and have not ended. */
  open = 0
  readonly store: EventStore
  readonly #storage = new MemoryEventStorage()

  constructor(beforeRead: () => Promise<void> = async () => undefined) {
    const counted = wrapStorage(this.#storage, {
      readAllPage: async (range) => {
        this.reads++
        await beforeRead()
        return this.#storage.readAllPage(range)
      },
    })
    this.store = createEventStore(counted, { catalogs: [counterEvents], pollIntervalMs: NEVER_MS })
  }

  async append(count: number, type = 'Counted', counter = 1): Promise<void> {
    const events = Array.from({ length: count }, () => ({ type, data: {} }))
    await this.store.append(streamId('counter', `${counter}`), events, { expectedVersion: 'any' })
  }

  /** The place of the event at a position; undefined: the beginning. */
  async at(position: number): Promise<Checkpoint | undefined> {
    if (position === 0) return undefined
    const store = createEventStore(this.#storage, { catalogs: [counterEvents] })
    for await (const { events } of store.readAll())
      for (const found of events)
        if (found.position === BigInt(position))
          return { position: found.position, eventId: found.id }
    throw new RangeError(`There is no event at position ${position}.`)
  }

  /** A feed that follows this log. */
  following(options: SubscribeOptions & SharedFeedOptions = {}): SharedFeed {
    return this.feed(
      (after, signal, partition) => this.store.subscribe({ ...options, after, partition, signal }),
      options,
    )
  }

  /** A feed that ends at a position of this log. */
  upTo(until: number, options: SubscribeOptions & SharedFeedOptions = {}): SharedFeed {
    const end = { until: globalPosition(until) }
    return this.feed(
      (after, signal, partition) =>
        this.store.readAll({ ...options, ...end, after, partition, signal }),
      options,
    )
  }

  /** A feed over this log that reads it in some other way. */
  feed(read: ReadLog, options: SharedFeedOptions): SharedFeed {
    return new SharedFeed((...asked) => this.#counted(read(...asked)), options)
  }

  async *#counted(pages: AsyncIterable<LogPage>): AsyncGenerator<LogPage> {
    this.begun++
    this.open++
    try {
      yield* pages
    } finally {
      this.open--
    }
  }
}

/** A consumer that takes pages when it is told to. */
export class Consumer {
  readonly #pages: AsyncIterator<LogPage>
  readonly #stop = new AbortController()

  constructor(feed: SharedFeed, after?: Checkpoint, wanted?: WantedPart) {
    this.#pages = feed.pages(after, this.#stop.signal, wanted)[Symbol.asyncIterator]()
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Takes a page; fails when there is none any more. */
  async page(): Promise<LogPage> {
    const next = await this.#pages.next()
    if (next.done === true) throw new Error('The feed has ended.')
    return next.value
  }

  /** Takes pages as far as a position; gives the positions of their events. */
  async upTo(position: number): Promise<readonly number[]> {
    const taken: number[] = []
    for (;;) {
      const page = await this.page()
      taken.push(...positionsOf(page))
      if (page.through.position >= BigInt(position)) return taken
    }
  }

  abort(reason: Error): void {
    this.#stop.abort(reason)
  }

  async leave(): Promise<void> {
    await this.#pages.return?.()
  }
}

export const positionsOf = ({ events }: LogPage): readonly number[] =>
  events.map(({ position }) => Number(position))

export const neverAborted = (): AbortSignal => new AbortController().signal

/** A log whose pages take a turn of the event loop. */
export async function logOf(events: number): Promise<CountedLog> {
  const log = new CountedLog(turn)
  await log.append(events)
  return log
}

/** A page without events. */
export function pageAt(position: number): LogPage {
  const through = { position: BigInt(position), eventId: `event-${position}` }
  return { events: [], through: through as LogPage['through'] }
}
