import type { Checkpoint } from '../../event-store/checkpoint.ts'
import type { LogPage } from '../../event-store/event-reader.ts'
import { unlessAborted } from '../../event-store/unless-aborted.ts'
import type { WantedPart } from './wanted-part.ts'

/** What fills a queue. */
export interface PageSource {
  /** Told when the queue has more room, or waits for a page. */
  wake(): void
  /** Takes the queue out; settles when nothing is left open because of it. */
  leave(queue: PageQueue): Promise<void>
}

/** The pages that one consumer of a shared feed has still to take. */
export class PageQueue {
  /** What its consumer wants of the pages, which may hold more. */
  readonly wanted: WantedPart
  readonly #pages: LogPage[] = []
  #place: Checkpoint | undefined
  #source: PageSource | undefined
  #end: { readonly error: unknown } | 'complete' | undefined
  #wakeUp: (() => void) | undefined
  #wasDetached = false
  #longest = 0
  #heldUpMs = 0

  constructor(place: Checkpoint | undefined, wanted: WantedPart) {
    this.wanted = wanted
    this.#place = place
  }

  /** How far it was filled. */
  get place(): Checkpoint | undefined {
    return this.#place
  }

  /** What fills it; undefined: nothing until it is attached. */
  get source(): PageSource | undefined {
    return this.#source
  }

  /** Its consumer has taken all, and the log ended there. */
  get isOver(): boolean {
    return this.isEmpty && this.#end === 'complete'
  }

  /** Its consumer has taken all, and nothing fills it. */
  get isDetached(): boolean {
    return this.isEmpty && this.#source === undefined && this.#end === undefined
  }

  get isEmpty(): boolean {
    return this.#pages.length === 0
  }

  /** Its consumer waits for a page. */
  get isWaiting(): boolean {
    return this.#wakeUp !== undefined
  }

  /** It could not keep up once. */
  get wasDetached(): boolean {
    return this.#wasDetached
  }

  /** Since it was last empty, how long others waited for a page because it was full, in milliseconds. */
  get heldUpMs(): number {
    return this.#heldUpMs
  }

  /** What it held when it was attached may be more than `pages`: that much fits until it is detached. */
  isFull(pages: number): boolean {
    return this.#pages.length >= Math.max(pages, this.#longest)
  }

  holdUp(milliseconds: number): void {
    this.#heldUpMs += milliseconds
  }

  /** Has it filled by a source from now on, which has handed out `pages` after its place already. */
  attach(source: PageSource, pages: readonly LogPage[]): void {
    this.#source = source
    this.#longest = pages.length === 0 ? 0 : this.#pages.length + pages.length + 1
    for (const page of pages) this.push(page)
  }

  push(page: LogPage): void {
    this.#pages.push(page)
    this.#place = page.through
    this.#wake()
  }

  /** What it holds can still be taken. */
  detach(): void {
    this.#source = undefined
    this.#wasDetached = true
    this.#wake()
  }

  complete(): void {
    this.#source = undefined
    this.#end = 'complete'
    this.#wake()
  }

  fail(error: unknown): void {
    this.#source = undefined
    this.#end = { error }
    this.#wake()
  }

  /** Takes a page, and waits for it while there is a source; undefined: there is no page, nor a source. */
  async take(signal: AbortSignal): Promise<LogPage | undefined> {
    signal.throwIfAborted()
    if (this.isEmpty && this.#source !== undefined) await this.#wait(signal)
    signal.throwIfAborted()
    const page = this.#pages.shift()
    if (this.isEmpty) this.#heldUpMs = 0
    this.#source?.wake()
    if (page === undefined && typeof this.#end === 'object') throw this.#end.error
    return page
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wakeUp = resolve
    })
    this.#source?.wake()
    try {
      await unlessAborted(woken, signal)
    } finally {
      this.#wakeUp = undefined
    }
  }

  #wake(): void {
    this.#wakeUp?.()
    this.#wakeUp = undefined
  }
}
