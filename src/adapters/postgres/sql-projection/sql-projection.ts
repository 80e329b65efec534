import type { AnyEventCatalog } from '../../../event-store/event-catalog.ts'
import type { RecordedEvent } from '../../../event-store/recorded-event.ts'
import { BatchWork } from '../../../projections/batches/batch-work.ts'
import { createReadModel } from '../../../projections/create-read-model.ts'
import { declareVersion } from '../../../projections/declared-version.ts'
import { checkDefinition, type RecordedIn } from '../../../projections/definition.ts'
import { checkLanes } from '../../../projections/registration.ts'
import type { DatabaseSession } from '../database/database.ts'
import { quoteIdentifier } from '../database/identifier.ts'
import type { SqlPlacement, SqlTables, SqlTablesOptions } from './sql-tables.ts'
import { ReadModelName } from '../read-model/read-model-name.ts'
import { sqlTablesStorage, type TableNames } from './sql-tables-storage.ts'

/** Tables that are filled by SQL, a batch of events at a time. */
export interface SqlProjectionDefinition<
  Catalogs extends AnyEventCatalog | readonly AnyEventCatalog[],
  Type extends string,
  Table extends string,
> {
  /** Names it in logs and errors. */
  readonly name: string
  /** Raise it when `apply`, `create`, event types or the key function change: the tables are then made anew beside the live ones. From 1. */
  readonly version: number
  /** The catalogs of its events. */
  readonly events: Catalogs
  /** The event types that matter. */
  readonly types: readonly Type[]
  /** Events of one key come in the order of the log, in one lane; null: it is none of its events. Default: the event's stream id. */
  readonly key?: ((event: EventIn<Catalogs, NoInfer<Type>>) => string | null) | undefined
  /**
   * Names of its tables, up to 51 bytes each. Readers select from a view of each name; the table under it is another one in each build: `<table>_b1`,
   * `<table>_b2`, ... The first one names it in its records, status and errors: keep it first.
   */
  readonly tables: readonly [Table, ...Table[]]
  /**
   * The statements, separated by `;`, that make the tables of a build under the names given, which are quoted and have their schema. Leave names of indexes
   * and constraints to Postgres: each build has its own. It is called when the projection is declared, too, and its text is part of the fingerprint.
   */
  readonly create: (tables: TableNames<NoInfer<Table>>) => string
  /**
   * Applies events, in the order of the log, all parts of one event together, inside the transaction that moves the lane: it commits once for each event,
   * whatever crashes. Run SQL on `session` only, and await every statement: one that begins or ends a transaction is refused. What it throws undoes all of it.
   */
  readonly apply: (
    events: readonly EventIn<Catalogs, NoInfer<Type>>[],
    context: SqlContext<NoInfer<Table>>,
  ) => Promise<void> | void
}

/** The events of these types. */
type EventIn<Catalogs, Type extends string> = Extract<
  RecordedIn<Catalogs>,
  { readonly type: Type }
> &
  RecordedEvent

export interface SqlContext<Table extends string> {
  /** The connection whose transaction moves the lane. */
  readonly session: DatabaseSession
  /** The tables of this build, quoted for SQL, with their schema. */
  readonly tables: TableNames<Table>
}

export interface SqlProjection {
  /** Says in which database it is: gives what a `ProjectionRunner` runs, and readers wait for. */
  into(options: SqlTablesOptions, placement?: SqlPlacement): SqlTables
}

/**
 * Declares a projection into tables of one's own, for what a fold into documents cannot express: rows that many events share, joins, sums over all of it.
 *
 * ```ts
 * const statements = sqlProjection({
 *   name: 'statements',
 *   version: 1,
 *   events: accountEvents,
 *   types: ['MoneyDeposited'],
 *   tables: ['statement_lines'],
 *   create: ({ statement_lines }) =>
 *     `CREATE TABLE ${statement_lines} (position bigint PRIMARY KEY, account text NOT NULL, cents bigint NOT NULL)`,
 *   apply: async (events, { session, tables }) => {
 *     await session.query({ text: `INSERT INTO ${tables.statement_lines} SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])` }, [
 *       events.map(({ position }) => position),
 *       events.map(({ streamId }) => streamId),
 *       events.map(({ data }) => data.cents),
 *     ])
 *   },
 * }).into({ database })
 *
 * new ProjectionRunner({ store, projections: [statements] })
 * // SELECT sum(cents) FROM statement_lines WHERE account = 'account-42'
 * ```
 *
 * Each event counts exactly once. Builds, lanes, rebuild beside the live build, rollback and `waitFor` are those of every projection. Nothing is verified, as no
 * fold can repeat it, and nothing is parked: a lane stops at an event that fails, with all events before it applied.
 *
 * - `SqlProjectionFailedError`: `apply` failed on an event alone;
 * - `SqlProjectionTimeoutError`: `apply` took longer than 40 % of the lease, 2.4 seconds by default; it is tried again, with fewer events;
 * - `RelationTakenError`, `ViewInUseError`, `SchemaVersionError`: as of a `PostgresReadModel`.
 *
 * @throws {TypeError} no name, version, types or tables that can be, or a type that no catalog declares.
 */
export function sqlProjection<
  const Catalogs extends AnyEventCatalog | readonly AnyEventCatalog[],
  const Type extends RecordedIn<Catalogs>['type'],
  const Table extends string,
>(definition: SqlProjectionDefinition<Catalogs, Type, Table>): SqlProjection {
  const { name, version, events, types, key } = definition
  const on = Object.fromEntries(types.map((type) => [type, true]))
  checkDefinition('SQL projection', { name, version, events, on })
  const declared = { name, version, events, key, on, shape: shapeOf(definition) }
  return {
    into: ({ database, schema = 'public', recordsSchema = 'everfold' }, placement = {}) => {
      checkLanes(placement.lanes)
      const storage = sqlTablesStorage(database, definition, { schema, recordsSchema })
      declareVersion(storage, version)
      const kind = { fold: undefined, startAt: undefined, isNarrowed: true }
      return {
        name,
        use: (user) =>
          user({
            ...{ definition: declared, storage, placement, ...kind },
            makeWork: (lane) => new BatchWork(lane),
          }),
        waitFor: createReadModel(storage).waitFor,
      }
    },
  }
}

/** What tells definitions of one version apart, beside events and key: the tables and the text that makes them, the same in every schema and build. */
function shapeOf<Table extends string>({
  name,
  tables,
  create,
}: {
  readonly name: string
  readonly tables: readonly Table[]
  readonly create: (tables: TableNames<Table>) => string
}): string {
  if (tables.length === 0 || new Set(tables).size < tables.length)
    throw new TypeError(
      `SQL projection '${name}' has the tables [${tables.join(', ')}]. Name at least one, and each once.`,
    )
  const quoted = tables.map((table) => [
    table,
    quoteIdentifier(new ReadModelName('public', table).table),
  ])
  const text = create(Object.fromEntries(quoted) as TableNames<Table>)
  return JSON.stringify([tables, text.trim().replaceAll(/\s+/g, ' ')])
}
