import { createHash } from 'node:crypto'
import type { DocumentAt } from '../read-model-storage.ts'

/** The sum of the hashes of all texts, modulo 2^128: the same whatever their order. */
export class ContentDigest {
  #sum = 0n

  add(text: string): void {
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 32)
    this.#sum = BigInt.asUintN(128, this.#sum + BigInt(`0x${hash}`))
  }

  toString(): string {
    return this.#sum.toString(16).padStart(32, '0')
  }
}

/** A document with its key and position as one text, the same for equal documents: sinks need not keep the order of members. */
export function canonical(key: string, { document, position }: DocumentAt<unknown>): string {
  const sorted = (_name: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)),
        )
      : value
  return `${position} ${JSON.stringify(key)} ${JSON.stringify(document, sorted)}`
}
