/**
 * Event store and read models on PostgreSQL 13 and later, and on PGlite (`everfold/pglite`), over the `Database` port: `postgres(pool)` makes one of a
 * `pg.Pool`. `pg` is loaded by whoever makes the pool, never here.
 *
 * @module
 */
export { BuildColumnsError } from './build-columns-error.ts'
export { ColumnRefusedError } from './column-refused-error.ts'
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
} from './columns.ts'
export { DatabaseClosedError } from './database-closed-error.ts'
export { DatabaseError } from './database-error.ts'
export { DatabaseUnavailableError } from './database-unavailable-error.ts'
export type {
  Database,
  DatabaseSession,
  Notifications,
  Parameter,
  Row,
  Scalar,
  Statement,
} from './database.ts'
export type { ImportOptions } from './event-importer.ts'
export { ImportConflictError } from './import-conflict-error.ts'
export { ImportGapError } from './import-gap-error.ts'
export { ImportInterruptedError } from './import-interrupted-error.ts'
export type { ImportProgress } from './import-progress.ts'
export type { ImportedEvent } from '../../event-store/imported-event.ts'
export { MissingPackageError } from './missing-package-error.ts'
export { migrationSql, type MigrationSqlOptions } from './migration-sql.ts'
export { postgres, type PostgresOptions } from './postgres-database.ts'
export {
  postgresEventStore,
  type PostgresEventStore,
  type PostgresEventStoreOptions,
} from './postgres-event-store.ts'
export type { PostgresClient, PostgresPool, PostgresQuery } from './postgres-pool.ts'
export { PostgresReadModel, type PostgresReadModelOptions } from './postgres-read-model.ts'
export { RelationTakenError } from './relation-taken-error.ts'
export { SchemaVersionError } from './schema-version-error.ts'
export type { HeadHolder, StoreStatus } from './store-status.ts'
export { TransactionRacedError } from './transaction-raced-error.ts'
export { UnsafeLogError } from './unsafe-log-error.ts'
export { ViewInUseError } from './view-in-use-error.ts'
export type { TransactionClient } from './within.ts'
