import type { Row } from './database.ts'

/** Hands rows to who takes them. Where that fails no more are handed on, and the statement fails once all have come: its connection goes on. */
export class RowTaker {
  readonly take: (row: Row) => void
  #failure: { readonly error: unknown } | undefined

  constructor(take: (row: Row) => void) {
    this.take = (row) => {
      if (this.#failure === undefined)
        try {
          take(row)
        } catch (error) {
          this.#failure = { error }
        }
    }
  }

  /** What the statement answers; `rest`: rows that were not handed on as they came. */
  answer(rest: readonly Row[]): readonly Row[] {
    rest.forEach(this.take)
    if (this.#failure !== undefined) throw this.#failure.error
    return []
  }
}
