/** Random numbers that a seed repeats: mulberry32. */
export interface SeededRandom {
  /** From 0 to just below 1. */
  next(): number
  chance(share: number): boolean
  /** A whole number from 0 to just below `limit`. */
  below(limit: number): number
  pick<Item>(items: readonly Item[]): Item
}

export function seededRandom(seed: number): SeededRandom {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    chance: (share) => next() < share,
    pick: <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item,
  }
}

/** The seeds of a fault suite: EVERFOLD_FAULT_SEED repeats one, EVERFOLD_FAULT_SEEDS says how many; each is named in its test. */
export function seeds(count: number): readonly number[] {
  const { EVERFOLD_FAULT_SEED: one, EVERFOLD_FAULT_SEEDS: many } = process.env
  if (one !== undefined) return [Number(one)]
  return Array.from({ length: many === undefined ? count : Number(many) }, (_, index) => index + 1)
}
