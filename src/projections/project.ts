import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { declareVersion } from './declared-version.ts'
import { DocumentWork } from './folding/document-work.ts'
import type { MakeLaneWork } from './lanes/lane-work.ts'
import type { Projection } from './projection.ts'
import type { ReadModel } from './read-model.ts'
import { checkLanes, type Placement, type Registration } from './registration.ts'

/**
 * Says which read model a projection fills.
 *
 * ```ts
 * new ProjectionRunner({ store, projections: [project(accountBalances).into(balances)] })
 * ```
 *
 * Reading the read model then prefers the build of the projection's version, as long as it is live or the previous one: while several versions of the
 * code run, each sees documents of the shape that it declares.
 *
 * @throws {RangeError} `lanes` is not a whole number from 1 to 64.
 */
export function project<Document, Event extends RecordedEvent>(
  projection: Projection<Document, Event>,
): { into(readModel: ReadModel<Document>, placement?: Placement): Registration } {
  return {
    into: (readModel, placement = {}) => {
      checkLanes(placement.lanes)
      declareVersion(readModel.storage, projection.version)
      const { storage } = readModel
      const makeWork: MakeLaneWork<Document, Event> = (lane) => new DocumentWork(projection, lane)
      const placed = { definition: projection, fold: projection, storage, placement, makeWork }
      const kind = { startAt: undefined, isNarrowed: false }
      return { name: projection.name, use: (user) => user({ ...placed, ...kind }) }
    },
  }
}
