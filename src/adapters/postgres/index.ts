/**
 * Event store and read models on PostgreSQL 13 and later, and on PGlite (`everfold/pglite`), over the `Database` port: `postgres(pool)` makes one of a
 * `pg.Pool`. `pg` is loaded by whoever makes the pool, never here.
 *
 * @module
 */
export { BuildColumnsError } from './read-model/build-columns-error.ts'
export { ColumnRefusedError } from './read-model/column-refused-error.ts'
export {
  bigint,
  boolean,
  double,
  integer,
  json,
  nullable,
  optional,
  text,
  type Column,
  type ColumnsOf,
} from './read-model/columns.ts'
export { DatabaseClosedError } from './database/database-closed-error.ts'
export { DatabaseError } from './database/database-error.ts'
export { DatabaseUnavailableError } from './database/database-unavailable-error.ts'
export type {
  Database,
  DatabaseSession,
  Notifications,
  Parameter,
  Row,
  Scalar,
  Statement,
} from './database/database.ts'
export type { ImportOptions } from './import/event-importer.ts'
export { ImportConflictError } from './import/import-conflict-error.ts'
export { ImportGapError } from './import/import-gap-error.ts'
export { ImportInterruptedError } from './import/import-interrupted-error.ts'
export type { ImportProgress } from './import/import-progress.ts'
export type { ImportedEvent } from '../../event-store/imported-event.ts'
export { MissingPackageError } from './database/missing-package-error.ts'
export { migrationSql, type MigrationSqlOptions } from './schema/migration-sql.ts'
export type { ReadModelIndex } from './read-model/index-definition.ts'
export { postgres, type PostgresOptions } from './database/postgres-database.ts'
export {
  postgresEventStore,
  type PostgresEventStore,
  type PostgresEventStoreOptions,
} from './postgres-event-store.ts'
export type { PostgresClient, PostgresPool, PostgresQuery } from './database/postgres-pool.ts'
export { PostgresCheckpoints, type PostgresCheckpointsOptions } from './postgres-checkpoints.ts'
export { PostgresReadModel, type PostgresReadModelOptions } from './postgres-read-model.ts'
export {
  postgresSnapshotStore,
  type PostgresSnapshotStoreOptions,
} from './postgres-snapshot-store.ts'
export { RelationTakenError } from './read-model/relation-taken-error.ts'
export {
  sqlProjection,
  type SqlContext,
  type SqlProjection,
  type SqlProjectionDefinition,
} from './sql-projection/sql-projection.ts'
export { SqlProjectionFailedError } from './sql-projection/sql-projection-failed-error.ts'
export { SqlProjectionTimeoutError } from './sql-projection/sql-projection-timeout-error.ts'
export type { SqlPlacement, SqlTables, SqlTablesOptions } from './sql-projection/sql-tables.ts'
export type { TableNames } from './sql-projection/sql-tables-storage.ts'
export { SchemaVersionError } from './schema/schema-version-error.ts'
export type { HeadHolder, StoreStatus } from './log/store-status.ts'
export { TransactionRacedError } from './appending/transaction-raced-error.ts'
export { UnsafeLogError } from './schema/unsafe-log-error.ts'
export { ViewInUseError } from './read-model/view-in-use-error.ts'
export type { TransactionClient } from './appending/within.ts'
