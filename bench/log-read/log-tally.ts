/** What reading a log comes to: differs when an event is missing, comes twice, elsewhere or with other data. Costs next to nothing. */
export class LogTally {
  #events = 0
  #hash = 0

  add(streamId: string, version: number, data: unknown): void {
    const { cents = 0 } = data as { readonly cents?: number }
    this.#events++
    this.#hash = (Math.imul(this.#hash, 31) + cents * 7 + version + streamId.length) | 0
  }

  addPlace(position: number, type: string): void {
    this.#hash = (Math.imul(this.#hash, 31) + position + type.length) | 0
  }

  toString(): string {
    return `${this.#events} events, ${this.#hash}`
  }
}
