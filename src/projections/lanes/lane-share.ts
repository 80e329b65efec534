import type { LaneRecord, Member } from '../read-model-storage.ts'
import { Sightings } from './sightings.ts'

export interface LaneShareOptions {
  /** Names the runner. */
  readonly runner: string
  /** Number of lanes of the build. */
  readonly lanes: number
  /** Claims a lane whose record is free, runs it until the signal is aborted, and gives it back. Never rejects. */
  readonly run: (number: number, record: LaneRecord, signal: AbortSignal) => Promise<void>
}

/**
 * The lanes of a build that one runner has: as many as its share among the runners, taken when they are free and given back when they are too many.
 *
 * No runner tells another what to do: each counts the members and takes its place among them, so that all come to the same numbers.
 */
export class LaneShare {
  readonly #options: LaneShareOptions
  readonly #running = new Map<number, { readonly stop: AbortController; ended: Promise<void> }>()
  readonly #sightings = new Sightings()
  /** Lanes that had stalled before this runner came: it may have other code, so it tries them once. */
  #stallsToTry: Set<string> | undefined

  constructor(options: LaneShareOptions) {
    this.#options = options
  }

  /** Numbers of the lanes that this runner has. */
  get numbers(): readonly number[] {
    return [...this.#running.keys()]
  }

  /**
   * Takes and gives back lanes, by what the records say now. Does not wait until lanes given back have ended.
   *
   * @param isWanted tells which lanes may be taken. Default: all.
   */
  balance(
    members: readonly Member[],
    records: readonly LaneRecord[],
    isWanted: (number: number) => boolean = () => true,
  ): void {
    const { lanes, runner } = this.#options
    const share = shareOf(runner, members, { lanes, owned: this.#owned(records) })
    this.#stallsToTry ??= new Set(
      records.flatMap(({ stall, revision }) => (stall === undefined ? [] : [revision])),
    )
    for (const number of this.numbers.slice(Math.max(share, 0)))
      this.#running.get(number)?.stop.abort()
    for (const [number, record] of records.slice(0, lanes).entries()) {
      const isFree = this.#isFree(number, record) // asked of all: it also notes what was seen
      const isTaken = this.#running.has(number) || this.#running.size >= share
      if (isFree && !isTaken && isWanted(number)) this.#take(number, record)
    }
  }

  /** Settles when one of the lanes has ended; at once when there is none. */
  async oneEnded(): Promise<void> {
    await Promise.race([...this.#running.values()].map(({ ended }) => ended))
  }

  /** Whether a stalled lane was one before this runner came, and was not tried since. */
  isToBeTried({ revision }: LaneRecord): boolean {
    return this.#stallsToTry?.has(revision) !== false
  }

  /** Gives all lanes back, after the pages in hand. */
  async release(): Promise<void> {
    const running = [...this.#running.values()]
    for (const { stop } of running) stop.abort()
    await Promise.all(running.map(({ ended }) => ended))
  }

  /** How many lanes each runner has, by what the records say. This one knows of its own also before they do. */
  #owned(records: readonly LaneRecord[]): ReadonlyMap<string, number> {
    const { runner, lanes } = this.#options
    const owned = new Map<string, number>()
    for (const { owner } of records.slice(0, lanes))
      if (owner !== undefined) owned.set(owner, (owned.get(owner) ?? 0) + 1)
    return owned.set(runner, Math.max(owned.get(runner) ?? 0, this.#running.size))
  }

  /** A lane is free when nobody has it, or when its revision did not change for the lease of whoever has it. */
  #isFree(number: number, record: LaneRecord): boolean {
    const { owner, revision, leaseMs, stall } = record
    const unchangedMs = this.#sightings.unchangedMs(number, revision)
    if (stall !== undefined && !this.isToBeTried(record)) return false
    return owner === undefined || unchangedMs > leaseMs
  }

  #take(number: number, record: LaneRecord): void {
    const stop = new AbortController()
    const ended = this.#options.run(number, record, stop.signal).finally(() => {
      this.#running.delete(number)
    })
    this.#running.set(number, { stop, ended })
  }
}

/**
 * How many of the lanes are for one of the members: all get as many. Where that does not come out even, those who have most get one more, so that no lane changes
 * hands for nothing, and of those who have as many, the first ones in the order of their names.
 */
export function shareOf(
  runner: string,
  members: readonly Member[],
  { lanes, owned }: { readonly lanes: number; readonly owned: ReadonlyMap<string, number> },
): number {
  const lanesOf = (name: string): number => owned.get(name) ?? 0
  const place = members
    .map((member) => member.runner)
    .toSorted((one, other) => lanesOf(other) - lanesOf(one) || (one < other ? -1 : 1))
    .indexOf(runner)
  if (place < 0) return 0
  return Math.floor(lanes / members.length) + (place < lanes % members.length ? 1 : 0)
}
