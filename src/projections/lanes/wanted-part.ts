import type { StreamPartition } from '../../event-store/stream-partition.ts'

/** What a consumer of the log wants of it; undefined: all. */
export type WantedPart = StreamPartition | undefined

/** Whatever any of several consumers wants. */
export function unionOf(wanted: readonly WantedPart[]): WantedPart {
  const [first] = wanted
  if (first === undefined) return undefined
  const parts = new Set<number>()
  for (const each of wanted) {
    if (each?.count !== first.count) return undefined
    for (const part of each.parts) parts.add(part)
  }
  if (parts.size === first.count) return undefined
  return { count: first.count, parts: [...parts].toSorted((one, other) => one - other) }
}

export function covers(all: WantedPart, one: WantedPart): boolean {
  if (all === undefined) return true
  return all.count === one?.count && one.parts.every((part) => all.parts.includes(part))
}
