import { randomUUID } from 'node:crypto'
import type { Build } from '../../../projections/builds/build.ts'
import type { LaneChanges, LaneRecord, LaneStep } from '../../../projections/read-model-storage.ts'
import type { PreparedBuild, PreparedBuilds } from '../builds/prepared-builds.ts'
import type { LaneRecords } from '../records/lane-records.ts'
import type { ParkedRecords } from '../records/parked-records.ts'
import type { Server } from '../server/server.ts'
import { BulkWriter } from './bulk-writer.ts'
import { encodeWrite, type BulkItem } from './document-source.ts'

/** Who has not written a lane for so long writes it before documents: he slept, perhaps, and lost it. */
const FRESH_MS = 60_000

/** A lane is written at least this often within a lease while documents are sent. */
const BEATS_PER_LEASE = 3

const SHARE_OF_LEASE = 0.8

interface CommitParts {
  readonly lanes: LaneRecords
  readonly parked: ParkedRecords
  readonly builds: PreparedBuilds
}

type Outcome = 'committed' | 'superseded' | { readonly refused: ReadonlyMap<string, Error> }

/** Writes documents, then parked events, then the lane: whatever is cut off, the lane tells of nothing that is not there. */
export class BuildCommit<Document> {
  readonly #parts: CommitParts
  readonly #writer: BulkWriter

  constructor(server: Server, parts: CommitParts) {
    this.#parts = parts
    this.#writer = new BulkWriter(server)
  }

  async run(build: Build, step: LaneStep, changes: LaneChanges<Document>): Promise<Outcome> {
    return this.#parts.builds.useChecked(build, (prepared) =>
      this.#run({ build, prepared }, step, changes),
    )
  }

  async #run(
    { build, prepared }: { readonly build: Build; readonly prepared: PreparedBuild },
    step: LaneStep,
    changes: LaneChanges<Document>,
  ): Promise<Outcome> {
    const { number } = step
    const { lanes, parked } = this.#parts
    const refused = new Map<string, Error>()
    const items = encodeAll(changes, number, refused)
    if (refused.size > 0) return { refused }
    const lane = new KeptLane(lanes, build, step)
    const { record, loader, tombstones } = prepared
    const { leaseMs } = step.next
    loader.writes(
      number,
      changes.writes.map(({ key }) => key),
    )
    const outcome = await this.#writer.write(items, {
      ...{ index: record.index, alias: record.alias },
      timeoutMs: leaseMs > 0 ? Math.ceil(leaseMs * SHARE_OF_LEASE) : undefined,
      keep: () => lane.keep(),
      requireInLog: changes.requireInLog,
    })
    if (outcome !== 'written') return outcome
    const place = { build, lane: number }
    if (changes.park.length + changes.unpark.length > 0) {
      if (!(await lane.keep())) return 'superseded'
      await parked.park(place, changes)
    }
    if (!(await lane.end())) return 'superseded'
    await parked.forget(place, changes)
    const before = tombstones.note(number, step.next)
    if (before !== undefined) await tombstones.sweep(number, before, step.next)
    return 'committed'
  }
}

/** A lane while documents are written: it is written often enough not to be lost. */
class KeptLane {
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
    const leaseMs = next.leaseMs > 0 ? next.leaseMs / BEATS_PER_LEASE : FRESH_MS
    const agoMs = this.#lanes.writtenMsAgo(this.#build, number, this.#lane)
    if (agoMs < Math.min(FRESH_MS, leaseMs)) return true
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

function encodeAll<Document>(
  { writes }: LaneChanges<Document>,
  lane: number,
  refused: Map<string, Error>,
): readonly BulkItem<Document>[] {
  const items: BulkItem<Document>[] = []
  for (const write of writes)
    try {
      items.push(encodeWrite(write, lane))
    } catch (error) {
      refused.set(write.key, error as Error)
    }
  return items
}
