import { globalPosition } from '../../../event-store/global-position.ts'
import type { Build } from '../../../projections/builds/build.ts'
import type {
  LaneRecord,
  LaneRequest,
  LaneStall,
  LaneStep,
} from '../../../projections/read-model-storage.ts'
import type { Parameter, Row } from '../database/database.ts'

/** What the statement that writes a lane takes. */
export interface LaneParameters {
  /** `$1` to `$14`. */
  readonly parameters: readonly Parameter[]
  /** Less than its owner's lease; undefined: the database's time. */
  readonly timeoutMs: number | undefined
}

/** How many parameters the statement that writes a lane has. */
export const LANE_PARAMETERS = 14

/** What most lanes never have, in one column. */
interface Trouble {
  readonly parked?: readonly (readonly [key: string, position: string])[]
  readonly requests?: readonly StoredRequest[]
  readonly stall?: LaneStall | undefined
}

interface StoredRequest extends Pick<LaneRequest, 'id' | 'key'> {
  readonly discard?: { readonly position: string; readonly reason: string } | undefined
}

/** @param model schema and name of the read model. */
export function laneParameters(
  model: readonly Parameter[],
  { number: build }: Build,
  { number, previous, next }: LaneStep,
): LaneParameters {
  const { revision, epoch, owner = null, leaseMs, barrenClaims, checkpoint, isHeld } = next
  const place = [checkpoint?.position ?? null, checkpoint?.eventId ?? null]
  return {
    parameters: [
      ...model,
      ...[build, number, previous.revision],
      ...[revision, epoch, owner, ...place, isHeld, leaseMs, barrenClaims],
      hasSameTrouble(previous, next) ? null : troubleText(next),
    ],
    timeoutMs: leaseMs > 0 ? Math.ceil(leaseMs * SHARE_OF_LEASE) : undefined,
  }
}

/** A write that takes longer than its owner's lease is of no use. */
const SHARE_OF_LEASE = 0.8

export function laneRecord(row: Row): LaneRecord {
  const [revision, epoch, owner, leaseMs, barrenClaims, position, eventId, isHeld, json] = row
  const { parked = [], requests = [], stall } = JSON.parse(json ?? '{}') as Trouble
  return {
    revision: revision ?? '',
    epoch: Number(epoch),
    owner: owner ?? undefined,
    leaseMs: Number(leaseMs),
    barrenClaims: Number(barrenClaims),
    checkpoint:
      typeof position === 'string' && typeof eventId === 'string'
        ? { position: globalPosition(position), eventId }
        : undefined,
    isHeld: isHeld === 't',
    parked: new Map(parked.map(([key, first]) => [key, globalPosition(first)])),
    requests: requests.map(laneRequest),
    stall,
  }
}

function laneRequest({ discard, ...request }: StoredRequest): LaneRequest {
  if (discard === undefined) return { ...request, discard }
  return { ...request, discard: { ...discard, position: globalPosition(discard.position) } }
}

function storedRequest({ discard, ...request }: LaneRequest): StoredRequest {
  return { ...request, discard: discard && { ...discard, position: `${discard.position}` } }
}

/** By identity: who changes any of it makes it anew. */
function hasSameTrouble(previous: LaneRecord, next: LaneRecord): boolean {
  return (
    previous.parked === next.parked &&
    previous.requests === next.requests &&
    previous.stall === next.stall
  )
}

function troubleText({ parked, requests, stall }: LaneRecord): string {
  const firsts = [...parked].map(([key, first]): [string, string] => [key, `${first}`])
  const trouble: Trouble = { parked: firsts, requests: requests.map(storedRequest), stall }
  return JSON.stringify(trouble)
}
