import type { EventMetadata } from '../event-store/domain-event.ts'
import type { StreamId } from '../event-store/stream-id.ts'
import { stepsFrom } from './upcaster-steps.ts'

/** What an upcaster may look at besides the data. */
export interface UpcastContext {
  readonly streamId: StreamId
  readonly metadata: EventMetadata
}

/** Carries the data of one event type from any earlier schema version to the current one, step by step. */
export class UpcasterChain {
  /** Schema version that the chain ends at, from 1. */
  readonly version: number
  readonly #steps: readonly Step[]

  /**
   * @param steps step N takes data of schema version N and gives that of N + 1.
   * @throws {TypeError} a step is missing, surplus, named twice or no function.
   */
  constructor(
    type: string,
    definition: { readonly version: number; readonly upcast: Readonly<Record<number, Step>> },
  ) {
    const { version, upcast } = definition
    this.version = version
    this.#steps = stepsFrom(`Event '${type}'`, upcast, version - 1)
  }

  /** Gives the current shape of data that was stored with `schemaVersion`. */
  apply(data: unknown, schemaVersion: number, context: UpcastContext): unknown {
    let shape = data
    for (let version = schemaVersion; version < this.version; version++) {
      const step = this.#steps[version - 1] as (old: unknown, context: UpcastContext) => unknown
      shape = step(shape, context)
    }
    return shape
  }
}

type Step = (old: never, context: UpcastContext) => unknown
