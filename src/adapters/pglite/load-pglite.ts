import { MissingPackageError } from '../postgres/database/missing-package-error.ts'
import type { PGliteClient } from './pglite-session.ts'

/** What is needed of the class. */
export interface PGliteFactory {
  readonly defaultStartParams: readonly string[]
  create(options: {
    readonly dataDir?: string
    /** Archive of the data folder of a new database. */
    readonly loadDataDir?: Blob
    /** Command line of Postgres. */
    readonly startParams?: string[]
  }): Promise<PGliteClient>
}

/**
 * Loads the optional peer dependency, here only.
 *
 * @throws {MissingPackageError} it is not installed.
 */
export async function loadPGlite(): Promise<PGliteFactory> {
  try {
    const { PGlite } = await import('@electric-sql/pglite')
    return PGlite
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new MissingPackageError('@electric-sql/pglite', { cause })
  }
}
