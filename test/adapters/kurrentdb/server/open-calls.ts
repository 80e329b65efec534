import type { EventEmitter } from 'node:events'

/** The read calls that are open: one that a client forgot to cancel stays (facts 2.9, row 3). */
export class OpenCalls {
  readonly #open = new Set<EventEmitter>()

  get count(): number {
    return this.#open.size
  }

  add(call: EventEmitter): void {
    this.#open.add(call)
    for (const end of ['cancelled', 'finish', 'close', 'error'])
      call.once(end, () => this.#open.delete(call))
  }
}
