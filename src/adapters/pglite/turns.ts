/** Lets pieces of asynchronous work run one after another, in the order in which they asked. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined) // the one who asked hears of it
    return turn
  }
}
