import { setTimeout as sleep } from 'node:timers/promises'
import { BuildNotPreparedError } from '../../src/index.ts'
import type { ProjectionPlace } from './projection-place.ts'
import { seededRandom } from './seeded-random.ts'

type Positions = ReadonlyMap<string, bigint>

export interface TrafficOptions {
  readonly seed: number
  /** How often something is appended, at most. */
  readonly appends: number
  /** Between two appends, at most. */
  readonly pauseMs: number
}

/** What goes on at a place meanwhile: somebody appends, others read what is shown, and the live build. */
export class ProjectionTraffic implements AsyncDisposable {
  readonly #over = new AbortController()
  readonly #appending: Promise<void>
  readonly #watching: Promise<readonly string[][]>

  constructor(place: ProjectionPlace, options: TrafficOptions) {
    this.#appending = this.#append(place, options)
    this.#watching = Promise.all([
      this.#watch('what is shown', () => place.shownPositions()),
      this.#watch('the live build', () => place.positionsInModel()),
    ])
  }

  /** Ends it. @returns which documents readers saw go back in time. */
  async end(): Promise<readonly string[]> {
    this.#over.abort()
    await this.#appending
    return (await this.#watching).flat()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
  }

  async #append(place: ProjectionPlace, { seed, appends, pauseMs }: TrafficOptions): Promise<void> {
    const random = seededRandom(seed)
    for (let left = appends; left > 0 && !this.#over.signal.aborted; left--) {
      await place.append(random)
      await sleep(random.below(pauseMs))
    }
  }

  async #watch(what: string, read: () => Promise<Positions>): Promise<string[]> {
    const wentBack: string[] = []
    const greatest = new Map<string, bigint>()
    while (!this.#over.signal.aborted) {
      for (const [key, position] of await read().catch(nothingYet)) {
        const before = greatest.get(key) ?? 0n
        if (position < before) wentBack.push(`${key} in ${what}: ${before}, then ${position}`)
        greatest.set(key, position)
      }
      await sleep(10)
    }
    return wentBack
  }
}

/** Nothing is built yet, or the build was replaced and dropped between the two steps of a reader. */
function nothingYet(error: unknown): Positions {
  if (error instanceof BuildNotPreparedError) return new Map()
  throw error
}
