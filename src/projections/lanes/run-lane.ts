import { randomUUID } from 'node:crypto'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import type { LaneRecord } from '../read-model-storage.ts'
import { announcementsOf } from './lane-announcements.ts'
import { writeLane } from './lane-claim.ts'
import { LaneLease } from './lane-lease.ts'
import type { Feed, LaneOptions } from './lane-options.ts'
import { LaneDisturbed, RefusedDocuments } from './lane-writer.ts'
import { LaneTakenError } from './lane-taken-error.ts'

/**
 * Folds a feed into the build of a lane that was claimed, until the feed ends, and releases the lane.
 *
 * The rules that keep it exact (design record: docs/adr/0005-exactly-once.md): every write of the lane replaces its record by compare-and-set, one write
 * at a time; a write whose reply was lost counts if and only if the lane shows its revision; documents of a commit in flight answer loads before
 * the sink does; whatever fails, everything held is dropped and the lane begins again from its record.
 *
 * @throws {LaneTakenError} another runner claimed the lane.
 * @throws {StoreRewoundError} the log does not contain the lane's checkpoint.
 * @throws {ProjectionFailedError | NotJsonError | DocumentRefusedError} a row, a document, where failures are not parked: what was committed before stays.
 */
export async function runLane<Document, Event extends RecordedEvent>(
  options: LaneOptions<Document, Event>,
  claimed: LaneRecord,
  feed: Feed,
  signal: AbortSignal,
): Promise<void> {
  const refused = new Map<string, Error>()
  let lane = claimed
  for (;;)
    try {
      await new LaneLease(options, lane, { refused, signal }).run(feed)
      return
    } catch (error) {
      if (error instanceof LaneDisturbed) lane = error.lane
      else if (error instanceof RefusedDocuments) lane = await afterRefusal(options, error, claimed)
      else throw error
      for (const key of lane.parked.keys()) refused.delete(key) // the record tells from now on, also when they are parked no more
      if (error instanceof RefusedDocuments)
        for (const [key, why] of error.documents) refused.set(key, why)
    } finally {
      const { storage, build, number } = options
      announcementsOf(storage).left({ build: build.number, lane: number })
    }
}

async function afterRefusal<Document, Event extends RecordedEvent>(
  options: LaneOptions<Document, Event>,
  refusal: RefusedDocuments,
  claimed: LaneRecord,
): Promise<LaneRecord> {
  const { storage, build, number, projection, owner, onFailure, isNarrowed } = options
  const told = refusal.firstOf(projection.name, storage.name)
  if (onFailure === 'stop' && !isNarrowed) throw told
  if (isNarrowed) for (const why of refusal.documents.values()) options.onRetry(why, 0)
  const lane = await storage.readLane(build, number)
  const isOwn = lane.owner === owner && lane.epoch === claimed.epoch
  // A batch may have taken a good part of the lease, and the next one may, too.
  const renewed = isNarrowed ? { ...lane, revision: randomUUID() } : lane
  if (isOwn && (renewed === lane || (await writeLane(options, lane, renewed)))) return renewed
  throw new LaneTakenError(
    { projection: projection.name, readModel: storage.name, lane: number, owner: lane.owner },
    { cause: told },
  )
}
