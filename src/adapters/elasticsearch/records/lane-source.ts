import { globalPosition } from '../../../event-store/global-position.ts'
import type { LaneRecord, LaneRequest, LaneStall } from '../../../projections/read-model-storage.ts'

/** A lane's record in JSON: positions are decimal texts. */
interface StoredLane extends Pick<
  LaneRecord,
  'revision' | 'epoch' | 'leaseMs' | 'barrenClaims' | 'isHeld'
> {
  readonly owner?: string | undefined
  readonly checkpoint?: { readonly position: string; readonly eventId: string } | undefined
  readonly parked: readonly (readonly [key: string, position: string])[]
  readonly requests: readonly StoredRequest[]
  readonly stall?: LaneStall | undefined
}

interface StoredRequest extends Pick<LaneRequest, 'id' | 'key'> {
  readonly discard?: { readonly position: string; readonly reason: string } | undefined
}

export function laneSource(lane: LaneRecord): StoredLane {
  const { checkpoint, parked, requests } = lane
  return {
    ...lane,
    checkpoint: checkpoint && { ...checkpoint, position: `${checkpoint.position}` },
    parked: [...parked].map(([key, position]) => [key, `${position}`] as const),
    requests: requests.map(({ discard, ...request }) => ({
      ...request,
      discard: discard && { ...discard, position: `${discard.position}` },
    })),
  }
}

export function laneFrom(source: unknown): LaneRecord {
  const { owner, checkpoint, parked, requests, stall, ...lane } = source as StoredLane
  return {
    ...lane,
    owner,
    checkpoint: checkpoint && { ...checkpoint, position: globalPosition(checkpoint.position) },
    parked: new Map(parked.map(([key, position]) => [key, globalPosition(position)])),
    requests: requests.map(({ discard, ...request }) => ({
      ...request,
      discard: discard && { ...discard, position: globalPosition(discard.position) },
    })),
    stall,
  }
}
