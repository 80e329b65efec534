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
  readonly requests?: readonly LaneRequest[]
  readonly stall?: LaneStall | undefined
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
    requests: requests.map(({ reason, ...request }) => ({ ...request, reason })),
    stall,
  }
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
  const trouble: Trouble = { parked: firsts, requests, stall }
  return JSON.stringify(trouble)
}
