import type { Checkpoint } from '../../event-store/checkpoint.ts'
import type { LogPage } from '../../event-store/event-reader.ts'
import { PageQueue } from './page-queue.ts'
import { positionOf } from './recent-pages.ts'
import { SharedReading, type ReadLog } from './shared-reading.ts'
import { unionOf, type WantedPart } from './wanted-part.ts'

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
 *
 * A reading asks for the parts of the log that its consumers want, and those of readings little ahead, so that it meets them.
 */
export class SharedFeed {
  readonly #read: ReadLog
  readonly #queuePages: number
  readonly #patienceMs: number
  readonly #readings = new Set<SharedReading>()

  /** @param read gives pages of the log: but for the part that is wanted always by the same filter, and to the same end, if any. */
  constructor(read: ReadLog, options: SharedFeedOptions = {}) {
    const { queuePages = 4, patienceMs = 100 } = options
    this.#read = read
    this.#queuePages = queuePages
    this.#patienceMs = patienceMs
  }

  /**
   * Gives the pages after a checkpoint: every event after it that is wanted once, in order, perhaps others among them. Several consumers get the very same pages, except one that joins within a page.
   *
   * One that does not take its pages holds up others for 100 ms at most, then again only if it has caught up since. What is read ahead is bounded: for a
   * consumer alone one page, else `queuePages`, or as many as it joined behind.
   *
   * Ends where `read` ends. Throws what it throws, to all who read there; who calls again begins anew. Throws the reason of the signal when aborted.
   */
  async *pages(
    after: Checkpoint | undefined,
    signal: AbortSignal,
    wanted?: WantedPart,
  ): AsyncGenerator<LogPage> {
    signal.throwIfAborted()
    const queue = new PageQueue(after, wanted)
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
      if (missed === undefined || !reading.covers(queue.wanted)) continue
      reading.join(queue, missed)
      return
    }
    this.#begin(queue)
  }

  #begin(queue: PageQueue): void {
    const { place, wasDetached } = queue
    const wanted = unionOf([queue.wanted, ...this.#neededAhead(place)])
    const reading: SharedReading = new SharedReading(
      { place, wanted },
      {
        read: this.#read,
        wanted: () =>
          unionOf([reading.needed, ...this.#neededAhead(reading.recent.place, reading)]),
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
      },
    )
    this.#readings.add(reading)
    reading.join(queue, [])
    void reading.run()
  }

  /** What the consumers of readings want that are at a place, or little ahead of it. */
  #neededAhead(place: Checkpoint | undefined, except?: SharedReading): readonly WantedPart[] {
    return [...this.#readings]
      .filter((other) => {
        const ahead = positionOf(other.recent.place) - positionOf(place)
        return other !== except && ahead >= 0n && ahead <= REACH
      })
      .map(({ needed }) => needed)
  }

  /** Hands a page out. Where it meets another reading, which reads all that is needed here, its part up to there is handed out, and that one goes on for both. */
  #hand(reading: SharedReading, page: LogPage): void {
    for (const other of this.#readings) {
      const isEnough = other !== reading && other.covers(reading.needed)
      const meeting = isEnough ? other.recent.meet(page) : undefined
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
