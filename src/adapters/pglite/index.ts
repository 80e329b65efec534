/**
 * Postgres embedded in this process, in a folder or in memory: the `Database` for what `everfold/postgres` offers.
 *
 * @module
 */
export { DatabaseBrokenError } from '../postgres/database/database-broken-error.ts'
export { DatabaseInUseError } from './database-in-use-error.ts'
export { FolderTakenError } from './folder-taken-error.ts'
export type { LockOwner } from './lock-owner.ts'
export { MissingPackageError } from '../postgres/database/missing-package-error.ts'
export { pglite, type PGliteDatabase } from './pglite-database.ts'
