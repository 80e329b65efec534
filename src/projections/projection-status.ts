import type { EventReader } from '../event-store/event-reader.ts'
import type { Checkpoint } from '../event-store/checkpoint.ts'
import type { GlobalPosition } from '../event-store/global-position.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import type { Build, BuildsRecord } from './builds/build.ts'
import { slowestOf } from './lanes/lane-record.ts'
import type { ProjectionContext } from './projection-context.ts'
import type { LaneRecord, LaneStall } from './read-model-storage.ts'
import type { ProjectionState, TaskProgress } from './task-progress.ts'

/** How one projection into one read model is doing. What the sink or the log cannot tell at the moment is undefined. */
export interface ProjectionStatus {
  readonly projection: string
  readonly readModel: string
  /** Of this runner. */
  readonly state: ProjectionState
  /** The build that readers see; undefined: there is none yet. */
  readonly build: Build | undefined
  /** The build that is being made beside it. */
  readonly building: Build | undefined
  /** The build that was live before. */
  readonly previous: Build | undefined
  /** Those of the live build, by number. */
  readonly lanes: readonly LaneStatus[]
  /** How far the live build is, by the slowest of its lanes; undefined: not begun. */
  readonly position: GlobalPosition | undefined
  /** Where the log ends; undefined: it is empty. */
  readonly head: GlobalPosition | undefined
  /** How far it is behind, in positions: at least as many as events. */
  readonly positionsBehind: bigint | undefined
  /** How long ago the first event that it lacks was recorded; 0: it lacks none. Also counts events that the projection ignores. */
  readonly secondsBehind: number | undefined
  /** Events folded a second by this runner since it was started. */
  readonly eventsPerSecond: number
  /** In how many seconds it will have caught up at this runner's rate; undefined: it folds nothing. */
  readonly etaSeconds: number | undefined
  /** What is wrong though this runner is well, e.g. that no runner feeds the live build. */
  readonly warnings: readonly string[]
  /** The last failure of this runner, also one that it got over. */
  readonly lastError: Error | undefined
}

export interface LaneStatus {
  /** From 0. */
  readonly number: number
  /** The runner that has it; undefined: none. */
  readonly owner: string | undefined
  readonly position: GlobalPosition | undefined
  /** How many keys have parked events. */
  readonly parkedKeys: number
  /** Why nobody moves it; undefined: somebody may. */
  readonly stall: LaneStall | undefined
}

/** Looks at the sink and the log. */
export async function readStatus<Document, Event extends RecordedEvent>(
  { projection, storage, store }: ProjectionContext<Document, Event>,
  progress: TaskProgress,
): Promise<ProjectionStatus> {
  const builds = await unlessFailing(storage.readBuilds())
  const live = builds?.live
  const records = (live && (await unlessFailing(storage.readLanes(live))))?.slice(0, live.lanes)
  const head = await unlessFailing(store.head())
  const slowest = records && slowestOf(records)
  const behind = head && records && head.position - (slowest?.position ?? 0n)
  const { eventsPerSecond, state, lastError } = progress
  return {
    projection: projection.name,
    readModel: storage.name,
    state,
    build: live,
    building: builds?.building,
    previous: builds?.previous,
    lanes: (records ?? []).map(laneStatus),
    position: slowest?.position,
    head: head?.position,
    positionsBehind: behind !== undefined && behind < 0n ? 0n : behind,
    secondsBehind: records && (await unlessFailing(secondsSince(store, slowest))),
    eventsPerSecond,
    etaSeconds: etaOf(behind, eventsPerSecond),
    warnings: warningsOf(projection.version, builds, records),
    lastError,
  }
}

function laneStatus({ owner, checkpoint, parked, stall }: LaneRecord, number: number): LaneStatus {
  return { number, owner, position: checkpoint?.position, parkedKeys: parked.size, stall }
}

async function secondsSince(store: EventReader, after: Checkpoint | undefined): Promise<number> {
  for await (const { events } of store.readAll({ after, pageSize: 1 }))
    for (const { recordedAt } of events)
      return Math.max(0, Date.now() - recordedAt.getTime()) / 1000
  return 0
}

function etaOf(behind: bigint | undefined, eventsPerSecond: number): number | undefined {
  if (behind === undefined || behind <= 0n) return behind === undefined ? undefined : 0
  return eventsPerSecond > 0 ? Number(behind) / eventsPerSecond : undefined
}

function warningsOf(
  version: number,
  builds: BuildsRecord | undefined,
  records: readonly LaneRecord[] | undefined,
): readonly string[] {
  const warnings: string[] = []
  if (builds === undefined || records === undefined) return warnings
  const { live, rolledBack, isPaused } = builds
  if (!isPaused && records.every(({ owner }) => owner === undefined))
    warnings.push(
      `No runner feeds build ${live.number} of version ${live.version}, which readers see.`,
    )
  if (rolledBack.includes(version))
    warnings.push(
      `Version ${version} of this code was rolled back: it is built again by rebuild() only.`,
    )
  return warnings
}

/** For what is shown, not for what is relied on: the state and the last error tell why it failed. */
async function unlessFailing<Value>(value: Promise<Value>): Promise<Value | undefined> {
  return value.catch(() => undefined)
}
