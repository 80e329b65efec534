import type { CopyStream } from './copy-in.ts'
import { MissingPackageError } from './missing-package-error.ts'

/** What is needed of `pg-copy-streams`. */
export interface CopyStreams {
  /** Makes the stream of a `COPY … FROM STDIN`. */
  from(text: string): CopyStream
}

/**
 * Loads the optional peer dependency, here only.
 *
 * @throws {MissingPackageError} it is not installed.
 */
export async function loadCopyStreams(): Promise<CopyStreams> {
  try {
    return await import('pg-copy-streams')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new MissingPackageError('pg-copy-streams', { cause })
  }
}
