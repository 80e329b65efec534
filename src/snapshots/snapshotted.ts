import { createHash } from 'node:crypto'
import {
  declaredEvents,
  retiredEvents,
  type AnyEventCatalog,
} from '../event-store/event-catalog.ts'
import type { JsonValue } from '../event-store/json-value.ts'
import type { SnapshotPolicy } from './snapshot-policy.ts'

/** What is special about the snapshots of one aggregate. */
export interface SnapshotSettings<State> {
  /** When they are taken. Default: that of the repository. */
  readonly policy?: SnapshotPolicy<State> | undefined
  /** How many are kept of each stream. Default: that of the repository. */
  readonly keep?: number | undefined
  /**
   * Gives JSON for a state that is none: with a Date, a Map, a BigInt or `undefined` in it. `fromJson` gives the state back, equal in everything: that is checked
   * when they are first used.
   */
  readonly toJson?: ((state: State) => JsonValue) | undefined
  /** Gives the state for what `toJson` gave. State the type of its parameter. */
  readonly fromJson?: ((json: never) => State) | undefined
}

/** What snapshots need to know of an aggregate. */
export interface Snapshotted<State> {
  readonly events: AnyEventCatalog
  readonly stateVersion?: number | undefined
  readonly snapshot?: SnapshotSettings<State> | undefined
}

/**
 * Checks what an aggregate says about its snapshots.
 *
 * @throws {TypeError} `stateVersion` or `keep` is no whole number from 1; `toJson` and `fromJson` are not both there.
 */
export function checkSnapshotted<State>(aggregate: Snapshotted<State>): void {
  const { events, stateVersion = 1, snapshot = {} } = aggregate
  const owner = `Aggregate '${events.category}'`
  if (!Number.isInteger(stateVersion) || stateVersion < 1)
    throw new TypeError(`${owner} has stateVersion ${stateVersion}. Use a whole number from 1.`)
  if (snapshot.keep !== undefined) checkKeep(`${owner} has snapshot.keep`, snapshot.keep)
  if ((snapshot.toJson === undefined) !== (snapshot.fromJson === undefined))
    throw new TypeError(
      `${owner} has one of snapshot.toJson and snapshot.fromJson. Give both: what one writes the other reads.`,
    )
}

/** @throws {TypeError} it is no whole number from 1. */
export function checkKeep(name: string, keep: number): void {
  if (!Number.isInteger(keep) || keep < 1)
    throw new TypeError(`${name} ${keep}. Use a whole number from 1.`)
}

/** What a fingerprint is made of. */
export type Fingerprinted = Pick<Snapshotted<unknown>, 'events' | 'stateVersion'>

/** Tells apart code whose states differ: by the declared version of the state, and the schema versions of the events that it folds. */
export function fingerprintOf({ events, stateVersion = 1 }: Fingerprinted): string {
  const declared = [...declaredEvents(events)].map(([type, { chain }]) => [type, chain.version])
  const retired = [...retiredEvents(events)].map(([type, each]) => [
    type,
    'parts' in each ? each.parts.version : each.renamedTo,
  ])
  return createHash('sha256')
    .update(JSON.stringify([stateVersion, declared.toSorted(byType), retired.toSorted(byType)]))
    .digest('hex')
    .slice(0, 32)
}

function byType([one]: readonly unknown[], [other]: readonly unknown[]): number {
  return String(one) < String(other) ? -1 : 1
}
