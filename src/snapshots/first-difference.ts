import { isDeepStrictEqual } from 'node:util'

/** Where two values differ, and what stands there; the first place in the order of the members of `one`. */
export interface ValueDifference {
  /** E.g. `lines[2].price`; empty: the values as a whole. */
  readonly path: string
  readonly one: unknown
  readonly other: unknown
}

/** Finds where two values differ first. 0 and -0 are the same, as in JSON. */
export function firstDifference(
  one: unknown,
  other: unknown,
  path: string = '',
): ValueDifference | undefined {
  if (one === other) return undefined
  const areLists = Array.isArray(one) && Array.isArray(other)
  if (!areLists && !(isRecord(one) && isRecord(other)))
    return isDeepStrictEqual(one, other) ? undefined : { path, one, other }
  const left = one as Readonly<Record<string, unknown>>
  const right = other as Readonly<Record<string, unknown>>
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const place = areLists ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
    // A member that is undefined is not the same as none: JSON would keep only the latter.
    if (Object.hasOwn(left, key) !== Object.hasOwn(right, key))
      return { path: place, one: left[key], other: right[key] }
    const difference = firstDifference(left[key], right[key], place)
    if (difference !== undefined) return difference
  }
  return undefined
}

function isRecord(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
