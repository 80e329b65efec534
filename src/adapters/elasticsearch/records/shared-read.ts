/** Shares a read between all who ask while one is under way: they get the next one, which begins after they asked. */
export class SharedRead<Result> {
  readonly #read: () => Promise<Result>
  #running: Promise<Result> | undefined
  #next: Promise<Result> | undefined

  constructor(read: () => Promise<Result>) {
    this.#read = read
  }

  async ask(): Promise<Result> {
    if (this.#running === undefined) return this.#begin()
    this.#next ??= this.#afterwards(this.#running)
    return this.#next
  }

  async #afterwards(running: Promise<Result>): Promise<Result> {
    await running.catch(() => undefined)
    this.#next = undefined
    return this.#begin()
  }

  #begin(): Promise<Result> {
    const running = this.#read().finally(() => {
      if (this.#running === running) this.#running = undefined
    })
    this.#running = running
    return running
  }
}
