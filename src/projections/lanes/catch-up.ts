import { setTimeout as sleep } from 'node:timers/promises'
import type { GlobalPosition } from '../../event-store/global-position.ts'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import type { Build } from '../builds/build.ts'
import type { ProjectionContext } from '../projection-context.ts'
import type { LaneRecord, Member } from '../read-model-storage.ts'
import { BuildLanes } from './build-lanes.ts'
import type { Feed } from './lane-options.ts'
import { slowestOf } from './lane-record.ts'
import { LaneStalledError } from './lane-stalled-error.ts'
import { Sharers } from './sharers.ts'

export interface CatchUpOptions {
  readonly until: GlobalPosition
  /** Ends at `until`. */
  readonly feed: Feed
  readonly signal: AbortSignal
  /** Whether the lanes are shared with other runners that make this build. Else all that are free are taken. */
  readonly isShared: boolean
}

/**
 * Moves all lanes of a build up to a position: takes those that are free, and waits for those that others move.
 *
 * @throws the error that stopped a lane, an AggregateError of several; the other lanes are caught up all the same.
 */
export async function catchUp<Document, Event extends RecordedEvent>(
  context: ProjectionContext<Document, Event>,
  build: Build,
  { until, feed, signal, isShared }: CatchUpOptions,
): Promise<void> {
  const { storage, leaseMs } = context
  const lanes = new BuildLanes(context, build, feed)
  const self = selfOf(context)
  const sharers = isShared ? new Sharers(storage, build, self) : undefined
  try {
    for (;;) {
      signal.throwIfAborted()
      const records = await storage.readLanes(build)
      const isDone = (number: number): boolean => isAt(lanes, { number, records, until })
      const open = Array.from({ length: build.lanes }, (_, number) => number).filter(
        (number) => !isDone(number),
      )
      if (open.length === 0 && lanes.numbers.length === 0) break
      const members = await sharers?.look({ hasLanes: lanes.numbers.length > 0 })
      lanes.balance(members ?? [{ ...self, revision: '' }], records)
      const isWaiting = lanes.numbers.length === 0
      if (isWaiting) throwStalled(context, lanes, records)
      const pause = new AbortController()
      const paused = sleep(isWaiting ? Math.min(leaseMs / 10, 50) : leaseMs / 6, undefined, {
        signal: AbortSignal.any([pause.signal, signal]),
      }).catch(() => undefined)
      await (isWaiting ? paused : Promise.race([lanes.oneEnded(), paused]))
      pause.abort()
    }
  } finally {
    await lanes.release()
    await sharers?.leave()
  }
  throwFailures(lanes.failures)
}

/** Waits until others have moved all lanes of a build up to a position. */
export async function outwait<Document, Event extends RecordedEvent>(
  { storage, leaseMs }: ProjectionContext<Document, Event>,
  build: Build,
  { until, signal }: Pick<CatchUpOptions, 'until' | 'signal'>,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const lanes = (await storage.readLanes(build)).slice(0, build.lanes)
    if ((slowestOf(lanes)?.position ?? 0n) >= until) return
    await sleep(Math.min(leaseMs / 10, 50), undefined, { signal }).catch(() => undefined)
  }
}

/** This runner as others see it. */
export function selfOf<Document, Event extends RecordedEvent>({
  runner,
  leaseMs,
  projection,
  fingerprint,
}: ProjectionContext<Document, Event>): Omit<Member, 'revision'> {
  return { runner, leaseMs, version: projection.version, fingerprint }
}

function isAt<Document, Event extends RecordedEvent>(
  lanes: BuildLanes<Document, Event>,
  at: {
    readonly number: number
    readonly records: readonly LaneRecord[]
    readonly until: GlobalPosition
  },
): boolean {
  const { number, records, until } = at
  if (lanes.hasFinished(number)) return true
  const { owner, checkpoint } = records[number] ?? {}
  return (
    owner !== undefined && !lanes.numbers.includes(number) && (checkpoint?.position ?? 0n) >= until
  )
}

/** Nothing is left to run here: what is still open is with others, or has stopped. */
function throwStalled<Document, Event extends RecordedEvent>(
  { projection, storage }: ProjectionContext<Document, Event>,
  lanes: BuildLanes<Document, Event>,
  records: readonly LaneRecord[],
): void {
  throwFailures(lanes.failures)
  for (const [lane, record] of records.entries())
    if (record.stall !== undefined && lanes.isStalled(record))
      throw new LaneStalledError(
        { projection: projection.name, readModel: storage.name, lane },
        record.stall,
      )
}

export function throwFailures(failures: readonly unknown[]): void {
  if (failures.length === 1) throw failures[0]
  if (failures.length > 1)
    throw new AggregateError(failures, 'Several lanes or projections failed.')
}
