import type { Row } from './database.ts'

/** Hands rows to who takes them. Where that fails no more are handed on, and the statement fails once all have come: its connection goes on. */
export class RowTaker {
  /** Hands one on. */
  readonly take: (row: Row) => void
  #taker: ((row: Row) => void) | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(taker: (row: Row) => void) {
    this.#taker = taker
    this.take = (row) => {
      try {
        this.#taker?.(row)
      } catch (error) {
        this.#failure = { error }
        this.#taker = undefined
      }
    }
  }

  /**
   * What the statement answers. Lets go of who takes rows: it would keep a page alive by the one before, as `RowsQuery` says; reading streams took 1.8 times as long.
   *
   * @param rest rows that were not handed on as they came.
   */
  answer(rest: readonly Row[]): readonly Row[] {
    rest.forEach(this.take)
    this.#taker = undefined
    if (this.#failure !== undefined) throw this.#failure.error
    return []
  }
}
