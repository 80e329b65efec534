import type { EventDefinitions } from '../event-store/event-catalog.ts'
import type { EventReader } from '../event-store/event-reader.ts'
import type { StreamId } from '../event-store/stream-id.ts'
import { firstDifference } from '../snapshots/first-difference.ts'
import type { Snapshot } from '../snapshots/snapshot.ts'
import type { Snapshots } from '../snapshots/snapshots.ts'
import { foldingOf, type Aggregate } from './aggregate.ts'
import { StateFold } from './state-fold.ts'

/** What comparing snapshots with a fold of all events showed. */
export interface SnapshotAudit {
  /** Streams looked at. */
  readonly streams: number
  /** Snapshots compared. */
  readonly snapshots: number
  /** Snapshots of other code, which no load would use. */
  readonly ignored: number
  /** Streams with a snapshot that differs: the first one of each. */
  readonly drifts: readonly SnapshotDrift[]
}

/** A snapshot that is not what its events give. */
export interface SnapshotDrift {
  readonly streamId: StreamId
  /** Version of the first snapshot that differs: what differs arose at or before it, and after the one before. */
  readonly version: number
  /** The first place in the state that differs, e.g. `lines[2].price`; empty: the state as a whole. */
  readonly path: string
  /** What stands there in the snapshot, as JSON. */
  readonly kept: unknown
  /** What stands there when all events are folded, as JSON. */
  readonly folded: unknown
  /** Why there was nothing to compare: the JSON is broken, or the snapshot was not made of this stream. */
  readonly problem?: 'broken' | 'another-history' | undefined
}

interface Audited {
  readonly store: Pick<EventReader, 'readStream' | 'streams'>
  readonly snapshots: Snapshots
  readonly signal: AbortSignal | undefined
}

/** How many streams are folded at the same time. */
const AT_ONCE = 8

/** Audits all streams of an aggregate. */
export async function auditAll<State, Commands, D extends EventDefinitions>(
  aggregate: Aggregate<State, Commands, D>,
  audited: Audited,
): Promise<SnapshotAudit> {
  const { store, signal } = audited
  const audits: SnapshotAudit[] = []
  for await (const streams of store.streams(aggregate.events.category, { signal }))
    audits.push(await auditStreams(aggregate, streams, audited))
  return sumOf(audits)
}

/** Audits some streams of an aggregate. */
export async function auditStreams<State, Commands, D extends EventDefinitions>(
  aggregate: Aggregate<State, Commands, D>,
  streams: readonly StreamId[],
  audited: Audited,
): Promise<SnapshotAudit> {
  const audits: SnapshotAudit[] = []
  const waiting = streams.values()
  const work = async (): Promise<void> => {
    for (const stream of waiting) audits.push(await auditStream(aggregate, stream, audited))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return sumOf(audits)
}

async function auditStream<State, Commands, D extends EventDefinitions>(
  aggregate: Aggregate<State, Commands, D>,
  stream: StreamId,
  { store, snapshots, signal }: Audited,
): Promise<SnapshotAudit> {
  const { usable, ignored } = await snapshots.listOf(aggregate, stream, signal)
  const counts = { streams: 1, snapshots: usable.length, ignored }
  const waiting = usable.toSorted((one, other) => one.version - other.version)
  const fold = new StateFold(foldingOf(aggregate), stream)
  const compared = (): SnapshotDrift | undefined => {
    const kept = waiting.shift()
    return kept && driftOf(kept, fold, () => snapshots.encode(aggregate, fold.state))
  }
  const last = waiting.at(-1)?.version
  if (last === undefined) return { ...counts, drifts: [] }
  for await (const { events } of store.readStream(stream, { toVersion: last, signal }))
    for (const event of events) {
      // Compared when the version is whole: an event may be one of several of its version.
      while (waiting[0] !== undefined && event.version > waiting[0].version) {
        const drift = compared()
        if (drift !== undefined) return { ...counts, drifts: [drift] }
      }
      fold.add(event)
    }
  while (waiting.length > 0) {
    const drift = compared()
    if (drift !== undefined) return { ...counts, drifts: [drift] }
  }
  return { ...counts, drifts: [] }
}

function driftOf(
  { streamId, version, eventId, state }: Snapshot,
  fold: { readonly version: number; readonly eventId: string | undefined },
  encodeFolded: () => string,
): SnapshotDrift | undefined {
  const nothing = { streamId, version, path: '', kept: undefined, folded: undefined }
  if (fold.version !== version || fold.eventId !== eventId)
    return { ...nothing, problem: 'another-history' }
  const kept = parsed(state)
  if (kept === undefined) return { ...nothing, problem: 'broken' }
  const difference = firstDifference(kept.json, JSON.parse(encodeFolded()))
  return (
    difference && {
      streamId,
      version,
      path: difference.path,
      kept: difference.one,
      folded: difference.other,
    }
  )
}

function parsed(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

function sumOf(audits: readonly SnapshotAudit[]): SnapshotAudit {
  const sum = (of: (audit: SnapshotAudit) => number): number =>
    audits.reduce((total, audit) => total + of(audit), 0)
  return {
    streams: sum(({ streams }) => streams),
    snapshots: sum(({ snapshots }) => snapshots),
    ignored: sum(({ ignored }) => ignored),
    drifts: audits.flatMap(({ drifts }) => drifts),
  }
}
