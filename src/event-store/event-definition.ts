import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { UpcastContext } from '../upcasters/upcaster-chain.ts'

/** What a catalog declares of one event type. `Data` is the current shape. */
export interface EventDefinition<Data> {
  /** Current schema version of the data, from 1. */
  readonly version: number
  readonly schema: StandardSchemaV1 | undefined
  /** Carries data of schema version N to N + 1. */
  readonly upcast: Readonly<Record<number, (old: never, context: UpcastContext) => unknown>>
  /** Only a type: carries `Data` for inference. */
  readonly __data?: Data
}

/**
 * Declares an event type.
 *
 * Every earlier shape of its data is a member of `Old`, oldest first, and has a step that carries it to the next one; so the
 * current schema version is one more than the number of steps. Steps are pure and synchronous.
 *
 * ```ts
 * const MoneyDeposited = event<{ cents: number }, [{ amount: number }]>({
 *   upcast: { 1: (old) => ({ cents: Math.round(old.amount * 100) }) },
 * })
 * ```
 *
 * @param options.schema checks data before it is appended (zod, valibot, any Standard Schema); it must answer synchronously,
 * and what is stored is its input.
 */
export function event<Data>(options?: {
  readonly schema: StandardSchemaV1<Data>
}): EventDefinition<Data>
export function event<Data, Old extends readonly [unknown, ...unknown[]]>(options: {
  readonly upcast: UpcastSteps<Old, Data>
  readonly schema?: StandardSchemaV1<Data> | undefined
}): EventDefinition<Data>
export function event(
  options: {
    readonly upcast?: EventDefinition<unknown>['upcast']
    readonly schema?: StandardSchemaV1 | undefined
  } = {},
): EventDefinition<unknown> {
  const { upcast = {}, schema } = options
  return {
    version: Object.keys(upcast).reduce((top, step) => Math.max(top, Number(step)), 0) + 1,
    schema,
    upcast,
  }
}

type Next = readonly [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]

/** One step for each old shape: step N takes shape N and gives shape N + 1, the last one the current shape. */
export type UpcastSteps<Old extends readonly unknown[], Data> = {
  readonly [I in keyof Old as I extends `${infer N extends number}` ? Next[N] : never]: (
    old: Old[I],
    context: UpcastContext,
  ) => I extends `${infer N extends number}`
    ? `${Next[N]}` extends keyof Old
      ? Old[`${Next[N]}`]
      : Data
    : never
}
