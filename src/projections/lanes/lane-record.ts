import { randomUUID } from 'node:crypto'
import type { Checkpoint } from '../../event-store/checkpoint.ts'
import type { LaneRecord } from '../read-model-storage.ts'

/** The record that `prepare` makes: a lane that nobody has moved or claimed yet. */
export function newLaneRecord(): LaneRecord {
  return {
    revision: randomUUID(),
    epoch: 0,
    owner: undefined,
    leaseMs: 0,
    barrenClaims: 0,
    checkpoint: undefined,
    isHeld: false,
    parked: new Map(),
    requests: [],
    stall: undefined,
  }
}

/** How far the slowest of some lanes is; undefined: it has not begun. */
export function slowestOf(lanes: readonly LaneRecord[]): Checkpoint | undefined {
  const [first, ...others] = lanes.map(({ checkpoint }) => checkpoint)
  return others.reduce((one, other) => (placeOf(other) < placeOf(one) ? other : one), first)
}

/** How far the furthest of some lanes is; undefined: none has begun. */
export function furthestOf(lanes: readonly LaneRecord[]): Checkpoint | undefined {
  const [first, ...others] = lanes.map(({ checkpoint }) => checkpoint)
  return others.reduce((one, other) => (placeOf(other) > placeOf(one) ? other : one), first)
}

function placeOf(checkpoint: Checkpoint | undefined): bigint {
  return checkpoint?.position ?? 0n
}
