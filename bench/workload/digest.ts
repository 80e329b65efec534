import { createHash } from 'node:crypto'

/** A short text that differs when any of the lines, or their order, does. */
export class Digest {
  readonly #hash = createHash('sha256')
  #lines = 0

  add(...parts: readonly unknown[]): void {
    this.#hash.update(JSON.stringify(parts))
    this.#lines++
  }

  toString(): string {
    return `${this.#lines} lines, ${this.#hash.digest('hex')}`
  }
}
