import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { EverfoldError } from '../../errors.ts'
import type { Checkpoint } from '../../event-store/checkpoint.ts'
import type { LaneRecord } from '../read-model-storage.ts'
import { claimLane, releaseLane, writeLane, type LaneClaim } from './lane-claim.ts'
import { furthestOf } from './lane-record.ts'
import { LaneTakenError } from './lane-taken-error.ts'
import { unlessTransient } from '../retry-transient.ts'

/** Lanes that nobody moves, because one runner has them and only beats. */
export class HeldLanes<Document> {
  readonly #claim: Omit<LaneClaim<Document>, 'number'>
  readonly #held: Map<number, LaneRecord>
  readonly #lost = new AbortController()
  readonly #over = new AbortController()
  readonly #beating: Promise<void>

  private constructor(
    claim: Omit<LaneClaim<Document>, 'number'>,
    held: ReadonlyMap<number, LaneRecord>,
  ) {
    this.#claim = claim
    this.#held = new Map(held)
    this.#beating = this.#beat()
  }

  /** Claims lanes for a switch, whoever has them: what others write to them from then on fails. */
  static async hold<Document>(
    claim: Omit<LaneClaim<Document>, 'number'>,
    numbers: readonly number[],
  ): Promise<HeldLanes<Document>> {
    const held = new Map<number, LaneRecord>()
    try {
      for (const number of numbers) held.set(number, await holdLane({ ...claim, number }))
    } catch (error) {
      for (const [number, lane] of held)
        await releaseLane({ ...claim, number }, lane).catch(() => undefined) // or their lease ends
      throw error
    }
    return new HeldLanes(claim, held)
  }

  /** Holds one lane whose record is still `previous`; undefined: it was written meanwhile. */
  static async holdFree<Document>(
    claim: LaneClaim<Document>,
    previous: LaneRecord,
  ): Promise<HeldLanes<Document> | undefined> {
    const { number } = claim
    const lane = await claimLane(claim, previous, { isHeld: true })
    return lane && new HeldLanes(claim, new Map([[number, lane]]))
  }

  /** Aborted with a `LaneTakenError`, or with what a beat failed with for longer than the lease, when the lanes are not held any more. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** The furthest place that a reader may have seen in any of them: up to which it was folded, or where a document stands that is further; undefined: none. */
  async furthest(): Promise<Checkpoint | undefined> {
    const { storage, build } = this.#claim
    const places = [furthestOf([...this.#held.values()])]
    for (const [number, lane] of this.#held)
      places.push(...((await storage.ahead?.(build, number, lane).catch(notThere)) ?? []))
    return places.reduce((one, other) =>
      (other?.position ?? 0n) > (one?.position ?? 0n) ? other : one,
    )
  }

  /** Leaves the lanes as they are: others take them when the lease has ended. */
  async abandon(): Promise<void> {
    this.#over.abort()
    await this.#beating
  }

  /** Gives back those that nobody took meanwhile. Where the sink does not answer their lease ends. */
  async release(): Promise<void> {
    await this.abandon()
    for (const [number, lane] of this.#held)
      await releaseLane({ ...this.#claim, number }, lane).catch(unlessTransient)
  }

  async #beat(): Promise<void> {
    const { leaseMs } = this.#claim
    let beatenAt = performance.now()
    const isOver = (): boolean => this.#over.signal.aborted || this.lost.aborted
    while (!isOver()) {
      await sleep(leaseMs / 3, undefined, { signal: this.#over.signal }).catch(() => undefined)
      if (isOver()) return
      try {
        for (const [number, lane] of this.#held) await this.#beatLane(number, lane)
        beatenAt = performance.now()
      } catch (error) {
        if (error instanceof LaneTakenError || performance.now() - beatenAt > leaseMs)
          this.#lost.abort(error)
      }
    }
  }

  async #beatLane(number: number, previous: LaneRecord): Promise<void> {
    const next = { ...previous, revision: randomUUID() }
    if (!(await writeLane({ ...this.#claim, number }, previous, next)))
      throw await this.#taken(number)
    this.#held.set(number, next)
  }

  async #taken(number: number): Promise<LaneTakenError> {
    const { storage, build } = this.#claim
    const { owner } = await storage.readLane(build, number)
    const { projection } = build
    return new LaneTakenError({ projection, readModel: storage.name, lane: number, owner })
  }
}

/** Documents that cannot be read were not seen: to put others in their place is what a switch may be for. */
function notThere(error: unknown): [] {
  if (EverfoldError.is(error) && !error.retryable) return []
  throw error
}

/** Claims a lane, whoever has it: what he writes to it from then on fails. */
export async function holdLane<Document>(claim: LaneClaim<Document>): Promise<LaneRecord> {
  for (;;) {
    const previous = await claim.storage.readLane(claim.build, claim.number)
    const lane = await claimLane(claim, previous, { isHeld: true })
    if (lane !== undefined) return lane
  }
}
