import type { UpcastContext } from './upcaster-chain.ts'
import { stepsFrom } from './upcaster-steps.ts'

/** What a step of a retired type returns to leave the event out: `() => drop`. */
export interface Drop {
  readonly __drop: 'drop'
}

/** Leaves an event out when it is read, as if it had never been stored: `{ retired: { PageViewed: { 1: () => drop } } }`. */
export const drop: Drop = Object.freeze({ __drop: 'drop' })

/** What becomes of one event: an event of a declared type with data of its current shape. */
export interface EventPart {
  readonly type: string
  readonly data: unknown
}

/** Carries data of one schema version of a retired type to the events that it means today. */
export type RetiredStep<Part extends EventPart = EventPart> = (
  old: never,
  context: UpcastContext,
) => readonly Part[] | Drop

/** What became of a type that is stored, and not declared any more: another name for the same data, or a step from each of its schema versions. */
export type Retirement<Part extends EventPart = EventPart> =
  Part['type'] | Readonly<Record<number, RetiredStep<Part>>>

/** A type that is stored, and not declared any more. */
export type RetiredEvent =
  /** Its data, at whichever schema version, goes on as that of another type. */
  { readonly renamedTo: string } | { readonly parts: PartsOfRetired }

/** Carries stored data of a retired type to the events that it means today, from any of its schema versions. */
export class PartsOfRetired {
  /** The last schema version that was stored. */
  readonly version: number
  readonly #steps: readonly RetiredStep[]

  /** @throws {TypeError} a step is missing, named twice, or no function. */
  constructor(type: string, steps: Readonly<Record<number, RetiredStep>>) {
    const versions = Object.keys(steps).map(Number)
    this.version = Math.max(0, ...versions.filter(Number.isInteger))
    if (this.version === 0)
      throw new TypeError(
        `Retired event '${type}' has no steps. Give it one for each schema version that was stored, { 1: (old) => [...] }, or the name of the type that it is now.`,
      )
    this.#steps = stepsFrom(`Retired event '${type}'`, steps, this.version)
  }

  /**
   * Gives the events that stored data means today; none: it is dropped.
   *
   * @throws {TypeError} the step gave no list, or an empty one that is not `drop`.
   */
  apply(data: unknown, schemaVersion: number, context: UpcastContext): readonly EventPart[] {
    const step = this.#steps[schemaVersion - 1] as (old: unknown, context: UpcastContext) => unknown
    const parts = step(data, context)
    if (isDrop(parts)) return []
    if (!Array.isArray(parts))
      throw new TypeError(
        'A step of a retired event must return a list of events, or drop, synchronously.',
      )
    if (parts.length === 0)
      throw new TypeError(
        'A step of a retired event gave no events. Return drop to leave the event out.',
      )
    return parts as readonly EventPart[]
  }
}

/** Also that of another copy of the package. */
function isDrop(value: unknown): value is Drop {
  return typeof value === 'object' && value !== null && '__drop' in value
}
