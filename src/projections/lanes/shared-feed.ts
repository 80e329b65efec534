import type { Checkpoint } from '../../event-store/checkpoint.ts'
import type { LogPage } from '../../event-store/event-reader.ts'
import { PageQueue } from './page-queue.ts'
import { SharedReading } from './shared-reading.ts'

/** How far behind, in positions, a reading that has just begun is waited for: 100 ms of reading are some 30,000 events. */
const REACH = 50_000n

export interface SharedFeedOptions {
  /** Pages that are kept for a consumer while it is busy and others read on. Default 4. */
  readonly queuePages?: number | undefined
  /** How long others wait for a consumer whose pages are not taken, in milliseconds, before it reads on its own. Default 100. */
  readonly patienceMs?: number | undefined
}

/**
 * Reads the log for several lanes at once.
 *
 * Consumers at one place of the log are served by one reading of it, which keeps its last pages: who begins within them joins it. Who begins elsewhere, or
 * does not keep up, reads on its own; readings that meet become one. They meet at an event, by position and id, never at a position alone: so a
 * checkpoint that the log does not hold is always shown to the store.
 */
export class SharedFeed {
  readonly #read: (after: Checkpoint | undefined, signal: AbortSignal) => AsyncIterable<LogPage>
  readonly #queuePages: number
  readonly #patienceMs: number
  readonly #readings = new Set<SharedReading>()

  /** @param read gives pages of the log after a checkpoint, with whatever any of the lanes wants: always by the same filter, and to the same end, if any. */
  constructor(
    read: (after: Checkpoint | undefined, signal: AbortSignal) => AsyncIterable<LogPage>,
    options: SharedFeedOptions = {},
  ) {
    const { queuePages = 4, patienceMs = 100 } = options
    this.#read = read
    this.#queuePages = queuePages
    this.#patienceMs = patienceMs
  }

  /**
   * Gives the pages after a checkpoint: every event after it once, in order. Several consumers get the very same pages, except one that joins within a page.
   *
   * One that does not take its pages holds up others for 100 ms at most, then again only if it has caught up since. What is read ahead is bounded: for a
   * consumer alone one page, else `queuePages`, or as many as it joined behind.
   *
   * Ends where `read` ends. Throws what it throws, to all who read there; who calls again begins anew. Throws the reason of the signal when aborted.
   */
  async *pages(after: Checkpoint | undefined, signal: AbortSignal): AsyncGenerator<LogPage> {
    signal.throwIfAborted()
    const queue = new PageQueue(after)
    try {
      while (!queue.isOver) {
        if (queue.isDetached) this.#attach(queue)
        const page = await queue.take(signal)
        if (page !== undefined) yield page
      }
    } finally {
      await queue.source?.leave(queue)
    }
  }

  #attach(queue: PageQueue): void {
    for (const reading of this.#readings) {
      const missed = reading.recent.after(queue.place)
      if (missed === undefined) continue
      reading.join(queue, missed)
      return
    }
    this.#begin(queue)
  }

  #begin(queue: PageQueue): void {
    const { place, wasDetached } = queue
    const reading: SharedReading = new SharedReading(place, {
      read: (signal) => this.#read(place, signal),
      queuePages: this.#queuePages,
      patienceMs: this.#patienceMs,
      isAwaited: !wasDetached,
      onPage: (page) => {
        this.#hand(reading, page)
      },
      onOver: () => {
        this.#readings.delete(reading)
        this.#wakeAll()
      },
      waitMs: () => this.#waitMs(reading),
    })
    this.#readings.add(reading)
    reading.join(queue, [])
    void reading.run()
  }

  /** Hands a page out. Where it meets another reading its part up to there is handed out, and that one goes on for both. */
  #hand(reading: SharedReading, page: LogPage): void {
    for (const other of this.#readings) {
      const meeting = other === reading ? undefined : other.recent.meet(page)
      if (meeting === undefined) continue
      reading.hand(meeting.page)
      reading.moveTo(other, meeting.rest)
      return
    }
    reading.hand(page)
    this.#wakeAll()
  }

  /** Lanes begin one after the other: whoever is a little ahead waits for those behind, or they would read side by side up to the head. */
  #waitMs(reading: SharedReading): number {
    const { place } = reading.recent
    return Math.max(0, ...[...this.#readings].map((other) => other.worthMs(place, REACH)))
  }

  #wakeAll(): void {
    for (const reading of this.#readings) reading.wake()
  }
}
