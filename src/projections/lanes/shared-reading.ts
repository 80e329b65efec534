import type { Checkpoint } from '../../event-store/checkpoint.ts'
import type { LogPage } from '../../event-store/event-reader.ts'
import type { PageQueue, PageSource } from './page-queue.ts'
import { positionOf, RecentPages } from './recent-pages.ts'
import { covers, unionOf, type WantedPart } from './wanted-part.ts'

/** Gives pages of the log after a checkpoint, with what is wanted of it. */
export type ReadLog = (
  after: Checkpoint | undefined,
  signal: AbortSignal,
  wanted: WantedPart,
) => AsyncIterable<LogPage>

export interface SharedReadingOptions {
  readonly read: ReadLog
  /** What it is to read from now on: at least what its consumers want. */
  readonly wanted: () => WantedPart
  /** Pages that a queue holds, where there are others. */
  readonly queuePages: number
  readonly patienceMs: number
  /** Begun by a consumer that did not fall behind: those just ahead wait for it a moment. */
  readonly isAwaited: boolean
  /** Told of every page, which `hand` gives to the queues. */
  readonly onPage: (page: LogPage) => void
  /** Told once, when nothing comes any more. */
  readonly onOver: () => void
  /** How long another reading is worth waiting for, in milliseconds. */
  readonly waitMs: () => number
}

/** One iteration over the log, which fills the queues of all who read there. Ends when the last of them leaves. */
export class SharedReading implements PageSource {
  #recent: RecentPages
  /** What the recent pages hold at least, and the page under way. */
  #wanted: WantedPart
  /** Since when less would do, in milliseconds. */
  #tooMuchSince: number | undefined
  readonly #options: SharedReadingOptions
  readonly #queues = new Set<PageQueue>()
  readonly #abandoned = new AbortController()
  readonly #begunAt = performance.now()
  #pages: AsyncIterator<LogPage> | undefined
  #closing: Promise<void> | undefined
  #wakeUp: (() => void) | undefined

  constructor(
    start: { readonly place: Checkpoint | undefined; readonly wanted: WantedPart },
    options: SharedReadingOptions,
  ) {
    this.#recent = new RecentPages(start.place)
    this.#wanted = start.wanted
    this.#options = options
  }

  get recent(): RecentPages {
    return this.#recent
  }

  /** What its consumers want. */
  get needed(): WantedPart {
    return unionOf([...this.#queues].map(({ wanted }) => wanted))
  }

  /** Whether its pages hold all that somebody wants. */
  covers(wanted: WantedPart): boolean {
    return covers(this.#wanted, wanted)
  }

  /** Reads until the log ends, fails, or nobody is left. Never rejects: a failure goes to the queues. */
  async run(): Promise<void> {
    try {
      this.#pages = this.#open()
      for (;;) {
        await this.#room()
        if (this.#closing !== undefined) return
        if (this.#adjust()) {
          await this.#pages.return?.()
          this.#pages = this.#open()
        }
        if (this.#isClosed()) return
        const next = await this.#pages.next()
        if (this.#isClosed()) return
        if (next.done === true) break
        this.#options.onPage(next.value)
      }
      for (const queue of this.#queues) queue.complete()
    } catch (error) {
      for (const queue of this.#queues) queue.fail(error)
    } finally {
      await this.close()
    }
  }

  /** Gives a page to all queues. */
  hand(page: LogPage): void {
    this.#recent.push(page)
    for (const queue of this.#queues) queue.push(page)
  }

  /** Fills a queue from now on, first with what it missed. */
  join(queue: PageQueue, missed: readonly LogPage[]): void {
    if (!this.covers(queue.wanted))
      throw new TypeError('A reading leaves out what a consumer wants.')
    this.#queues.add(queue)
    queue.attach(this, missed)
    this.wake()
  }

  /** Leaves all queues to another reading, which has handed out `missed` after this one's place. */
  moveTo(other: SharedReading, missed: readonly LogPage[]): void {
    for (const queue of this.#queues) other.join(queue, missed)
    this.#queues.clear()
    void this.close()
  }

  async leave(queue: PageQueue): Promise<void> {
    this.#queues.delete(queue)
    this.wake()
    if (this.#queues.size === 0) await this.close()
  }

  #open(): AsyncIterator<LogPage> {
    const { read } = this.#options
    return read(this.#recent.place, this.#abandoned.signal, this.#wanted)[Symbol.asyncIterator]()
  }

  /** Reads from the next page on what is wanted by now: more at once, less when that would have done for a while. True: it must begin to iterate anew. */
  #adjust(): boolean {
    const wanted = this.#options.wanted()
    const isEnough = this.covers(wanted)
    if (isEnough && covers(wanted, this.#wanted)) {
      this.#tooMuchSince = undefined
      return false
    }
    if (isEnough) {
      this.#tooMuchSince ??= performance.now()
      if (performance.now() - this.#tooMuchSince < this.#options.patienceMs) return false
    } else this.#recent = new RecentPages(this.#recent.place)
    this.#tooMuchSince = undefined
    this.#wanted = wanted
    return true
  }

  /** Ends the iteration. What it says after that concerns nobody. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  wake(): void {
    this.#wakeUp?.()
  }

  /** How long this reading is worth waiting for by one that is at `place`, in milliseconds: not after its first moments, and only where it is little behind. */
  worthMs(place: Checkpoint | undefined, reach: bigint): number {
    const { isAwaited, patienceMs } = this.#options
    const behind = positionOf(place) - positionOf(this.#recent.place)
    if (!isAwaited || behind <= 0n || behind > reach) return 0
    return this.#begunAt + patienceMs - performance.now()
  }

  /** Waits until every queue has room. One that keeps others waiting too long is left behind. */
  async #room(): Promise<void> {
    const { queuePages, patienceMs, waitMs } = this.#options
    while (this.#closing === undefined) {
      const queues = [...this.#queues]
      const most = queues.length === 1 ? 1 : queuePages
      const full = queues.filter((queue) => queue.isFull(most))
      const isHeldUp = full.length > 0 && queues.some(({ isWaiting }) => isWaiting)
      if (full.length === 0 && waitMs() <= 0) return
      const leftMs = Math.min(...full.map(({ heldUpMs }) => patienceMs - heldUpMs))
      const begun = performance.now()
      await this.#change(full.length === 0 ? waitMs() : isHeldUp ? leftMs : undefined)
      if (!isHeldUp) continue
      for (const queue of full) this.#holdUp(queue, performance.now() - begun)
    }
  }

  #holdUp(queue: PageQueue, milliseconds: number): void {
    if (queue.isEmpty || !this.#queues.has(queue)) return
    queue.holdUp(milliseconds)
    if (queue.heldUpMs < this.#options.patienceMs) return
    this.#queues.delete(queue)
    queue.detach()
  }

  /** Waits until somebody takes a page, waits for one, joins or leaves, or for a while. */
  async #change(milliseconds: number | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds)
      this.#wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wakeUp = undefined
  }

  #isClosed(): boolean {
    return this.#closing !== undefined
  }

  async #close(): Promise<void> {
    this.#options.onOver()
    this.#abandoned.abort(ABANDONED)
    this.wake()
    try {
      await this.#pages?.return?.()
    } catch {
      // It was told that nobody reads any more.
    }
  }
}

const ABANDONED = new Error('Nobody reads this part of the log any more.')
