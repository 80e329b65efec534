/**
 * Snapshots on PostgreSQL 13 and later, and on PGlite.
 *
 * They are rows of one table, the same for all aggregates. Each call is one statement. Their tables have migrations of their own, as they may stand in another
 * database than the events.
 */
import type { GlobalPosition } from '../../event-store/global-position.ts'
import type { StreamId } from '../../event-store/stream-id.ts'
import type { SnapshotBounds, SnapshotStore } from '../../snapshots/snapshot-store.ts'
import type { Snapshot } from '../../snapshots/snapshot.ts'
import type { Database, Row } from './database/database.ts'
import { isStorableText } from './database/storable-text.ts'
import { millisecondsOfHex, timestampText } from './database/timestamp.ts'
import { checkVersion, migrate, SNAPSHOT_MIGRATIONS } from './schema/migrations.ts'
import { once } from './schema/once.ts'
import { SchemaSql } from './schema/schema-sql.ts'

export interface PostgresSnapshotStoreOptions {
  /** Runs every statement: `postgres(pool)` or `await pglite(folder)`; that of the event store or another one. Whoever made it closes it. */
  readonly database: Database
  /** Schema that holds the table. Default `'everfold'`. */
  readonly schema?: string | undefined
  /**
   * `'automatic'`: the table is made and migrated before it is first used. `'manual'`: its version is only compared then, and the script of
   * `migrationSql({ of: 'snapshots' })` brings it there. Default `'automatic'`.
   */
  readonly migrations?: 'automatic' | 'manual' | undefined
}

/**
 * Makes a snapshot store on PostgreSQL 13 and later, or on PGlite.
 *
 * ```ts
 * const repository = new Repository({ store, snapshots: postgresSnapshotStore({ database }) })
 * ```
 *
 * Its methods also throw:
 *
 * @throws {SchemaVersionError} newer code has migrated the schema; with `migrations: 'manual'` also: nobody has.
 * @throws {DatabaseUnavailableError | DatabaseError | DatabaseClosedError} as the database does.
 */
export function postgresSnapshotStore(options: PostgresSnapshotStoreOptions): SnapshotStore {
  const { database, schema = 'everfold', migrations = 'automatic' } = options
  const sql = new SchemaSql(schema)
  const target = { schema, sql, migrations: SNAPSHOT_MIGRATIONS }
  const ready = once(() =>
    migrations === 'automatic' ? migrate(database, target) : checkVersion(database, target),
  )
  const find = sql.query('find_snapshot')
  const save = sql.query('save_snapshot')
  const remove = sql.query('delete_snapshots')
  return {
    find: async (streamId, bounds) => {
      await ready()
      const [row] = await database.query(find, boundParameters(streamId, bounds))
      return row && snapshotOf(streamId, row)
    },
    save: async (snapshot, { keep }) => {
      await ready()
      await database.query(save, [...parametersOf(snapshot), keep])
    },
    delete: async (streamId, version) => {
      await ready()
      await database.query(remove, [streamId, version ?? null])
    },
  }
}

/** Greater than every version. */
const EVERY_VERSION = 2 ** 31 - 1

function boundParameters(streamId: StreamId, bounds: SnapshotBounds) {
  const { fingerprint, maxVersion = EVERY_VERSION } = bounds
  return [
    ...[streamId, fingerprint, Math.max(0, Math.min(maxVersion, EVERY_VERSION))],
    ...[momentText(bounds.maxRecordedAtMs), momentText(bounds.maxOccurredAtMs)],
  ]
}

/** Dates know moments that Postgres does not, before all of its own. */
const FIRST_MS = Date.UTC(-4712, 0, 1)

function momentText(ms: number | undefined): string {
  if (ms === undefined) return 'infinity'
  return ms < FIRST_MS ? '-infinity' : timestampText(ms)
}

function parametersOf(snapshot: Snapshot) {
  const { streamId, version, position, eventId, state, fingerprint } = snapshot
  if (!isStorableText(state))
    throw new TypeError(
      `The snapshot of '${streamId}' holds half of a surrogate pair, which Postgres does not keep.`,
    )
  return [
    ...[streamId, version, position, eventId, state, fingerprint],
    ...[timestampText(snapshot.recordedAtMs), timestampText(snapshot.occurredAtMs)],
  ]
}

function snapshotOf(streamId: StreamId, row: Row): Snapshot {
  const [version, position, eventId, state, fingerprint, recordedAt, occurredAt] =
    row as readonly string[]
  return {
    streamId,
    version: Number(version),
    position: BigInt(position ?? 0) as GlobalPosition,
    eventId: eventId ?? '',
    state: state ?? '',
    fingerprint: fingerprint ?? '',
    recordedAtMs: millisecondsOfHex(recordedAt ?? '0'),
    occurredAtMs: millisecondsOfHex(occurredAt ?? '0'),
  }
}
