import { EverfoldError } from '../../../errors.ts'
import type { RecordedEvent } from '../../../event-store/recorded-event.ts'
import type { LaneStep } from '../../../projections/read-model-storage.ts'
import type { Build } from '../../../projections/builds/build.ts'
import { DatabaseBrokenError } from '../database/database-broken-error.ts'
import { DatabaseClosedError } from '../database/database-closed-error.ts'
import { DatabaseError } from '../database/database-error.ts'
import type { DatabaseSession } from '../database/database.ts'
import type { StoredBuilds } from '../read-model/stored-builds.ts'
import { BatchSession } from './batch-session.ts'
import { SqlProjectionTimeoutError } from './sql-projection-timeout-error.ts'

const QUERY_CANCELED = '57014'

/**
 * Of the time that a write of the lane may take, `apply` has one half, and a statement that is still under way then, or a process that hangs, the other: so the
 * lane's row is free again 0.8 leases after the batch began.
 */
const SHARE_OF_APPLY = 0.5

export interface Batch<Event extends RecordedEvent> {
  readonly projection: string
  readonly events: readonly Event[]
  readonly apply: (session: DatabaseSession) => Promise<void> | void
}

interface TimedBatch<Event extends RecordedEvent> extends Batch<Event> {
  /** How long `apply` may take; undefined: for ever. */
  readonly applyMs: number | undefined
}

/**
 * Moves a lane and applies a batch in one transaction. The lane comes first: who lost it applies nothing.
 *
 * @returns `failure`: what the batch is to blame for; nothing was written.
 */
export async function applyBatch<Event extends RecordedEvent>(
  { database, records }: StoredBuilds,
  { build, lane }: { readonly build: Build; readonly lane: LaneStep },
  batch: Batch<Event>,
): Promise<'committed' | 'superseded' | { readonly failure: Error }> {
  const { timeoutMs } = records.laneParameters(build, lane)
  const applyMs = timeoutMs && Math.ceil(timeoutMs * SHARE_OF_APPLY)
  const timed = { ...batch, applyMs }
  let applying = undefined as BatchSession | undefined
  try {
    return await database.transaction(
      async (session) => {
        if (!(await records.writeLane(session, build, lane))) return 'superseded'
        applying = new BatchSession(session, { timeoutMs })
        await applyInTime(applying, timed)
        return 'committed'
      },
      { hangMs: applyMs },
    )
  } catch (error) {
    if (applying === undefined) throw error
    return { failure: failureOf(error, { ...timed, first: applying.failure ?? error }) }
  }
}

async function applyInTime<Event extends RecordedEvent>(
  session: BatchSession,
  batch: TimedBatch<Event>,
): Promise<void> {
  const apply = async (): Promise<void> => {
    await batch.apply(session)
    await session.end()
  }
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    if (batch.applyMs === undefined) return
    timer = setTimeout(() => {
      reject(timeoutOf(batch))
    }, batch.applyMs)
  })
  try {
    await Promise.race([apply(), late])
  } finally {
    clearTimeout(timer)
    session.close()
  }
}

/**
 * Judges by what failed first: `apply` may have thrown something else over it.
 *
 * @throws what no event is to blame for.
 */
function failureOf<Event extends RecordedEvent>(
  error: unknown,
  { first, ...batch }: TimedBatch<Event> & { readonly first: unknown },
): Error {
  if (error instanceof SqlProjectionTimeoutError) return error
  if (first instanceof DatabaseError && first.sqlState === QUERY_CANCELED)
    return timeoutOf(batch, { cause: first })
  const isTransient = EverfoldError.is(first) && first.retryable
  if (isTransient || first instanceof DatabaseClosedError || first instanceof DatabaseBrokenError)
    throw first
  const told = error instanceof DatabaseError ? first : error
  return told instanceof Error ? told : new Error(String(told))
}

function timeoutOf<Event extends RecordedEvent>(
  { projection, events, applyMs = 0 }: TimedBatch<Event>,
  options?: ErrorOptions,
): SqlProjectionTimeoutError {
  const at = { events: events.length, timeoutMs: applyMs }
  return new SqlProjectionTimeoutError(projection, at, options)
}
