/** Most bytes of one bulk, where the server takes them. */
const MOST_BYTES = 8 * 2 ** 20

/** Each bulk that is taken brings back so much of what was given up. */
const RECOVERY_BYTES = 256 * 2 ** 10

/** How large bulks are: half as large after each that was too much, and slowly larger again. */
export class BulkSize {
  #bytes = MOST_BYTES

  get bytes(): number {
    return this.#bytes
  }

  taken(): void {
    this.#bytes = Math.min(MOST_BYTES, this.#bytes + RECOVERY_BYTES)
  }

  /** @param sentBytes of the bulk that was too much: smaller ones are tried next. */
  tooMuch(sentBytes: number): void {
    this.#bytes = Math.max(1, Math.floor(Math.min(this.#bytes, sentBytes) / 2))
  }
}
