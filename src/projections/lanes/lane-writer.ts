import { randomUUID } from 'node:crypto'
import { DocumentRefusedError } from '../folding/document-refused-error.ts'
import type { LaneChanges, LaneRecord } from '../read-model-storage.ts'
import { writeLane, type LaneClaim } from './lane-claim.ts'
import { LaneTakenError } from './lane-taken-error.ts'

export interface WrittenLane<Document> extends LaneClaim<Document> {
  readonly projection: { readonly name: string }
  /** When something is asked meanwhile, what was done is written all the same: it must not be done again. Else what is asked comes first. */
  readonly keepsDone: boolean
}

/** Writes the record of a lane that its runner has, one write after the other. */
export class LaneWriter<Document> {
  readonly #claim: WrittenLane<Document>
  #lane: LaneRecord

  constructor(claim: WrittenLane<Document>, lane: LaneRecord) {
    this.#claim = claim
    this.#lane = lane
  }

  /** As it was written last. */
  get lane(): LaneRecord {
    return this.#lane
  }

  /**
   * Replaces the lane's record, with documents and parked events in the same commit if there are any.
   *
   * A write whose reply was lost happened if and only if the lane shows its revision.
   *
   * @throws {LaneTakenError} another runner has the lane.
   * @throws {LaneDisturbed} the lane is still this runner's, with another record.
   * @throws {RefusedDocuments} the sink refuses documents.
   */
  async write(fields: Partial<LaneRecord>, changes?: LaneChanges<Document>): Promise<void> {
    const previous = this.#lane
    const written = { ...previous, ...fields, revision: randomUUID() }
    const isMoved = written.checkpoint?.position !== previous.checkpoint?.position
    const next = isMoved ? { ...written, barrenClaims: 0 } : written
    if (await this.#send(previous, next, changes)) {
      this.#lane = next
      return
    }
    const lane = await this.#askedMeanwhile()
    if ('owner' in fields) throw new LaneDisturbed(lane) // it was to be given back: what is asked comes first
    const asked = lane.requests.slice(previous.requests.length)
    const { requests } = fields
    this.#lane = lane
    await this.write(requests ? { ...fields, requests: [...requests, ...asked] } : fields, changes)
  }

  async #send(
    previous: LaneRecord,
    next: LaneRecord,
    changes: LaneChanges<Document> | undefined,
  ): Promise<boolean> {
    const { storage, build, number } = this.#claim
    if (changes === undefined || isEmpty(changes)) return writeLane(this.#claim, previous, next)
    try {
      const outcome = await storage.commit(build, { number, previous, next }, changes)
      if (typeof outcome === 'object') throw new RefusedDocuments(outcome.refused)
      return outcome === 'committed'
    } catch (error) {
      if (error instanceof RefusedDocuments) throw error
      const { revision } = await storage.readLane(build, number)
      if (revision === next.revision) return true
      throw error
    }
  }

  /** The lane, if it differs from the one written last by what was asked alone. */
  async #askedMeanwhile(): Promise<LaneRecord> {
    const { storage, build, number, owner, projection } = this.#claim
    const lane = await storage.readLane(build, number)
    if (lane.owner === owner && lane.epoch === this.#lane.epoch) {
      if (this.#claim.keepsDone && isAsked(this.#lane, lane)) return lane
      throw new LaneDisturbed(lane)
    }
    throw new LaneTakenError({
      projection: projection.name,
      readModel: storage.name,
      lane: number,
      owner: lane.owner,
    })
  }
}

/** Somebody asked something of the lane's owner, or a write of its own that was given up has landed late: it begins again from the record. */
export class LaneDisturbed extends Error {
  readonly lane: LaneRecord

  constructor(lane: LaneRecord) {
    super('The lane was written by somebody else.')
    this.lane = lane
  }
}

/** The sink cannot hold documents of a commit, which wrote nothing. */
export class RefusedDocuments extends Error {
  readonly documents: ReadonlyMap<string, Error>

  constructor(documents: ReadonlyMap<string, Error>) {
    super('The sink refused documents.')
    this.documents = documents
  }

  /** What is told of it: the first of them. */
  firstOf(projection: string, readModel: string): DocumentRefusedError {
    const [[key, cause] = ['', this]] = this.documents
    return new DocumentRefusedError({ projection, readModel, key }, { cause })
  }
}

function isEmpty<Document>({ writes, park, unpark }: LaneChanges<Document>): boolean {
  return writes.length + park.length + unpark.length === 0
}

/** Nothing but requests was added to the record; what else could be written by others would have raised its epoch. */
function isAsked(before: LaneRecord, lane: LaneRecord): boolean {
  return (
    lane.requests.length > before.requests.length &&
    before.requests.every(({ id }, index) => id === lane.requests[index]?.id) &&
    lane.checkpoint?.position === before.checkpoint?.position &&
    lane.parked.size === before.parked.size &&
    [...before.parked].every(([key, first]) => lane.parked.get(key) === first)
  )
}
