import type { EventEmitter } from 'node:events'

/** The calls that are open: one that a client forgot to cancel stays (facts 2.9, row 3). */
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

  /**
   * For a call that is read whole before it is answered.
   *
   * @returns what tells that it was answered.
   */
  begin(call: EventEmitter): () => void {
    const ended = (): void => {
      this.#open.delete(call)
    }
    this.#open.add(call)
    call.once('cancelled', ended)
    return ended
  }
}
