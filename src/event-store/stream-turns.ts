import type { StreamId } from './stream-id.ts'

/** Lets pieces of work on one stream run one after another, in the order in which they asked; those on other streams do not wait for them. */
export class StreamTurns {
  /** Of each stream that somebody works on: when the last one who asked will have ended. */
  readonly #last = new Map<StreamId, Promise<void>>()

  take<Result>(streams: readonly StreamId[], work: () => Promise<Result>): Promise<Result> {
    const before = streams.flatMap((stream) => this.#last.get(stream) ?? [])
    const running = before.length === 0 ? work() : Promise.all(before).then(work)
    const ended: Promise<void> = running.then(
      () => {
        this.#leave(streams, ended)
      },
      () => {
        this.#leave(streams, ended)
      },
    )
    for (const stream of streams) this.#last.set(stream, ended)
    return running
  }

  #leave(streams: readonly StreamId[], ended: Promise<void>): void {
    for (const stream of streams) if (this.#last.get(stream) === ended) this.#last.delete(stream)
  }
}
