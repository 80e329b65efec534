import type { EventMetadata } from '../../src/index.ts'
import { Digest } from '../workload/digest.ts'

interface Written {
  readonly streamId: string
  readonly version: number
  readonly type: string
  /** JSON text. */
  readonly data: string
  /** JSON text. */
  readonly metadata: string
}

/** What commands came to: the sum of the states that they answered, and the log that they wrote. */
export class CommandsResult {
  readonly #digest = new Digest()

  constructor(cents: number) {
    this.#digest.add(cents)
  }

  add({ streamId, version, type, data, metadata }: Written): void {
    const { correlationId, causationId, ...others } = JSON.parse(metadata) as EventMetadata
    const isCaused = typeof correlationId === 'string' && typeof causationId === 'string'
    this.#digest.add(streamId, version, type, data, isCaused, others)
  }

  toString(): string {
    return this.#digest.toString()
  }
}
