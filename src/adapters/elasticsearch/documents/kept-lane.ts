import { randomUUID } from 'node:crypto'
import type { Build } from '../../../projections/builds/build.ts'
import type { LaneRecord, LaneStep } from '../../../projections/read-model-storage.ts'
import type { LaneRecords } from '../records/lane-records.ts'

/** Who has not written a lane for so long writes it before documents: he slept, perhaps, and lost it. */
const FRESH_MS = 60_000

/** A lane is written at least this often within a lease while documents are sent. */
const BEATS_PER_LEASE = 3

/** A lane while documents of a commit are written: it is written often enough not to be lost. */
export class KeptLane {
  readonly #lanes: LaneRecords
  readonly #build: Build
  readonly #step: LaneStep
  #lane: LaneRecord

  constructor(lanes: LaneRecords, build: Build, step: LaneStep) {
    this.#lanes = lanes
    this.#build = build
    this.#step = step
    this.#lane = step.previous
  }

  /** False: somebody else has it, or it was dropped. */
  async keep(): Promise<boolean> {
    const { number, next } = this.#step
    const agoMs = this.#lanes.writtenMsAgo(this.#build, number, this.#lane)
    if (isFresh(agoMs, next.leaseMs)) return true
    return this.#write({ ...this.#lane, revision: randomUUID() })
  }

  async end(): Promise<boolean> {
    return this.#write(this.#step.next)
  }

  async #write(next: LaneRecord): Promise<boolean> {
    const { number } = this.#step
    const written = await this.#lanes.write(this.#build, { number, previous: this.#lane, next })
    if (written === undefined) await this.#lanes.read(this.#build, number) // tells that it was dropped
    if (written === true) this.#lane = next
    return written ?? false
  }
}

/** Documents may be sent without writing the lane before. */
export function isFresh(writtenMsAgo: number, leaseMs: number): boolean {
  return writtenMsAgo < Math.min(FRESH_MS, leaseMs > 0 ? leaseMs / BEATS_PER_LEASE : FRESH_MS)
}
