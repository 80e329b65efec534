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
export type { Database, DatabaseSession, Parameter, Row, Scalar, Statement } from './database.ts'
export { postgres, type PostgresOptions } from './postgres-database.ts'
export { postgresEventStore, type PostgresEventStoreOptions } from './postgres-event-store.ts'
export type { PostgresClient, PostgresPool, PostgresQuery } from './postgres-pool.ts'
export { PostgresReadModel, type PostgresReadModelOptions } from './postgres-read-model.ts'
export { RelationTakenError } from './relation-taken-error.ts'
export { SchemaVersionError } from './schema-version-error.ts'
export { UnsafeLogError } from './unsafe-log-error.ts'
export { ViewInUseError } from './view-in-use-error.ts'
