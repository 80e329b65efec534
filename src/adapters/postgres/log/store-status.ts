import type { Checkpoint } from '../../../event-store/checkpoint.ts'
import type { GlobalPosition } from '../../../event-store/global-position.ts'
import type { Row } from '../database/database.ts'
import type { EventSchema } from '../schema/event-schema.ts'
import { positionOf } from './stored-row.ts'
import { millisecondsOfEpoch } from '../database/timestamp.ts'

/** How far readers of the log can see, and who keeps them from seeing more. */
export interface StoreStatus {
  /** Where the log ends for readers; undefined: they see no event. */
  readonly head: Checkpoint | undefined
  /** Greatest position that was ever drawn, for a committed event or not; 0: none. */
  readonly lastPosition: GlobalPosition
  /** How many of the positions drawn readers have to wait for. Under load never 0 for long: every append holds back those that overtake it. */
  readonly behind: number
  /** Whose transaction they wait for: of several, the one that began to append first. Undefined: `behind` is 0. */
  readonly heldBackBy: HeadHolder | undefined
}

/**
 * A transaction that has appended, or tried to, and is still open. Ending it lets the head go on: `SELECT pg_terminate_backend(pid)`, or
 * `ROLLBACK PREPARED`.
 *
 * A role that is no member of `pg_read_all_stats` does not see `clientAddress`, `state`, `since` and `query` of another role's session.
 */
export interface HeadHolder {
  /** Process of its session; undefined: it is a prepared transaction, which has none. */
  readonly pid: number | undefined
  /** Name of the prepared transaction; undefined: it is none. */
  readonly preparedTransaction: string | undefined
  readonly user: string | undefined
  readonly applicationName: string | undefined
  /** IP address; undefined: a local one. */
  readonly clientAddress: string | undefined
  /** As in `pg_stat_activity`: `'idle in transaction'` waits for its client, `'active'` for the server. */
  readonly state: string | undefined
  /** When the transaction began, or was prepared. */
  readonly since: Date | undefined
  /** What the session runs, or ran last. */
  readonly query: string | undefined
}

/** Reads it in the order of `safe_position()`: the last value, then the locks, then the events. */
export function readStoreStatus({ database, sql }: EventSchema): Promise<StoreStatus> {
  return database.session(async (session) => {
    const [[last = '0'] = []] = (await session.query(sql.query('last_position'))) as string[][]
    const [holder] = await session.query(sql.query('head_holder'), [last])
    const lastPosition = positionOf(last)
    const behind = BigInt(holder?.[0] ?? 0)
    const [event] = await session.query(sql.query('head'), [lastPosition - behind])
    return {
      head: event && checkpoint(event),
      lastPosition,
      behind: Number(behind),
      heldBackBy: holder && behind > 0n ? headHolder(holder) : undefined,
    }
  })
}

function checkpoint(row: Row): Checkpoint {
  const [position, eventId] = row as readonly [string, string]
  return { position: positionOf(position), eventId }
}

function headHolder(row: Row): HeadHolder {
  const [pid, preparedTransaction, user, applicationName, clientAddress, state, since, query] = row
    .slice(1)
    .map((value) => value ?? undefined)
  return {
    pid: pid === undefined ? undefined : Number(pid),
    preparedTransaction,
    user,
    applicationName,
    clientAddress,
    state,
    since: since === undefined ? undefined : new Date(millisecondsOfEpoch(since)),
    query,
  }
}
