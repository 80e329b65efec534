import type { Build } from '../../../projections/builds/build.ts'
import type {
  ClaimedLane,
  DocumentChanges,
  LaneChanges,
  LaneStep,
} from '../../../projections/read-model-storage.ts'
import type { PreparedBuilds } from '../builds/prepared-builds.ts'
import type { LaneRecords } from '../records/lane-records.ts'
import type { ParkedRecords } from '../records/parked-records.ts'
import type { Server } from '../server/server.ts'
import { CommitDocuments } from './commit-documents.ts'
import { isFresh, KeptLane } from './kept-lane.ts'

interface CommitParts {
  readonly lanes: LaneRecords
  readonly parked: ParkedRecords
  readonly builds: PreparedBuilds
}

type Outcome = 'committed' | 'superseded' | { readonly refused: ReadonlyMap<string, Error> }

/** Writes documents, then parked events, then the lane: whatever is cut off, the lane tells of nothing that is not there. */
export class BuildCommit<Document> {
  readonly #parts: CommitParts
  readonly #documents: CommitDocuments<Document>

  constructor(server: Server, parts: CommitParts) {
    this.#parts = parts
    this.#documents = new CommitDocuments(server, parts.builds)
  }

  async run(build: Build, step: LaneStep, changes: LaneChanges<Document>): Promise<Outcome> {
    const { number, next } = step
    const lane = new KeptLane(this.#parts.lanes, build, step)
    const keep = (): Promise<boolean> => lane.keep()
    const { leaseMs } = next
    const outcome = await this.#documents.write({ build, number, leaseMs, keep }, changes)
    return outcome === 'written' ? this.#end({ build, step, lane }, changes) : outcome
  }

  /** Sends nothing when the lane was not written lately: to write it is for the commits, one after the other. */
  async writeAhead(
    build: Build,
    { number, epoch, leaseMs }: ClaimedLane,
    changes: DocumentChanges<Document>,
  ): Promise<void> {
    const { lanes } = this.#parts
    const keep = async (): Promise<boolean> =>
      isFresh(lanes.writtenMsAgo(build, number, { epoch }), leaseMs)
    await this.#documents.writeAhead({ build, number, leaseMs, keep }, changes)
  }

  /** Forgets what was written into a build that is dropped. */
  forget(build: Build): void {
    this.#documents.forget(build)
  }

  async #end(
    {
      build,
      step,
      lane,
    }: { readonly build: Build; readonly step: LaneStep; readonly lane: KeptLane },
    changes: LaneChanges<Document>,
  ): Promise<Outcome> {
    const { parked, builds } = this.#parts
    const { number, next } = step
    return builds.use(build, async ({ tombstones }) => {
      const place = { build, lane: number }
      if (changes.park.length + changes.unpark.length > 0) {
        if (!(await lane.keep())) return 'superseded'
        await parked.park(place, changes)
      }
      if (!(await lane.end())) return 'superseded'
      await parked.forget(place, changes)
      const before = tombstones.note(number, next)
      if (before !== undefined) await tombstones.sweep(number, before, next)
      return 'committed'
    })
  }
}
