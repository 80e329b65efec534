import type { EventMetadata } from '../event-store/domain-event.ts'
import type { StreamId } from '../event-store/stream-id.ts'

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
   * @throws {TypeError} a step is missing, surplus or no function.
   */
  constructor(
    type: string,
    definition: { readonly version: number; readonly upcast: Readonly<Record<number, Step>> },
  ) {
    const { version, upcast } = definition
    this.version = version
    this.#steps = Array.from({ length: version - 1 }, (_, index) => stepOf(type, upcast, index + 1))
    const surplus = Object.keys(upcast).find((key) => !(Number(key) >= 1 && Number(key) < version))
    if (surplus !== undefined)
      throw new TypeError(
        `Upcaster step '${surplus}' of event '${type}' carries nothing on: number the steps from 1, one for each earlier shape.`,
      )
  }

  /** Gives the current shape of data that was stored with `schemaVersion`. */
  apply(data: unknown, schemaVersion: number, context: UpcastContext): unknown {
    return this.#steps
      .slice(schemaVersion - 1)
      .reduce(
        (shape, step) =>
          (step as (old: unknown, context: UpcastContext) => unknown)(shape, context),
        data,
      )
  }
}

type Step = (old: never, context: UpcastContext) => unknown

function stepOf(type: string, upcast: Readonly<Record<number, Step>>, version: number): Step {
  const step: unknown = upcast[version]
  if (typeof step === 'function') return step as Step
  throw new TypeError(
    `Event '${type}' has no upcaster step from schema version ${version} to ${version + 1}. Add upcast: { ${version}: (old) => ... }.`,
  )
}
