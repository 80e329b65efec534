import { globalPosition } from '../../../event-store/global-position.ts'
import type { LaneRecord, LaneRequest, LaneStall } from '../../../projections/read-model-storage.ts'

/** Fields of a lane's hash, in the order in which they are read. An empty text is nothing. */
export const LANE_FIELDS: readonly string[] = [
  ...['revision', 'epoch', 'owner', 'leaseMs', 'barrenClaims'],
  ...['position', 'eventId', 'isHeld', 'trouble'],
]

/** What most lanes never have, in one field. */
interface Trouble {
  readonly parked?: readonly (readonly [key: string, position: string])[]
  readonly requests?: readonly StoredRequest[]
  readonly stall?: LaneStall | undefined
}

interface StoredRequest extends Pick<LaneRequest, 'id' | 'key'> {
  readonly discard?: { readonly position: string; readonly reason: string } | undefined
}

/** Fields and values to be written. What only its trouble differs in is left out where it is as before. */
export function laneFields(next: LaneRecord, previous?: LaneRecord): readonly string[] {
  const { revision, epoch, owner = '', leaseMs, barrenClaims, checkpoint, isHeld } = next
  const fields = [
    ...['revision', revision, 'epoch', `${epoch}`, 'owner', owner],
    ...['leaseMs', `${leaseMs}`, 'barrenClaims', `${barrenClaims}`, 'isHeld', isHeld ? '1' : ''],
    ...['position', `${checkpoint?.position ?? ''}`, 'eventId', checkpoint?.eventId ?? ''],
  ]
  if (previous !== undefined && hasSameTrouble(previous, next)) return fields
  return [...fields, 'trouble', troubleText(next)]
}

/** @param values of `LANE_FIELDS`. @returns undefined: there is no record. */
export function laneRecord(values: readonly unknown[]): LaneRecord | undefined {
  const [revision, epoch, owner, leaseMs, barrenClaims, position, eventId, isHeld, json] =
    values as readonly (string | null)[]
  if (typeof revision !== 'string') return undefined
  const { parked = [], requests = [], stall } = JSON.parse(json ?? '{}') as Trouble
  return {
    revision,
    epoch: Number(epoch),
    owner: owner === '' || owner === null ? undefined : owner,
    leaseMs: Number(leaseMs),
    barrenClaims: Number(barrenClaims),
    checkpoint:
      typeof position === 'string' && position !== ''
        ? { position: globalPosition(position), eventId: eventId ?? '' }
        : undefined,
    isHeld: isHeld === '1',
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
