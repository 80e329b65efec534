import type { Database } from '../database/database.ts'
import { UnsafeLogError } from './unsafe-log-error.ts'

/**
 * Checks that the server is not a standby.
 *
 * @throws {UnsafeLogError} it is.
 */
export async function checkPrimary(database: Database): Promise<void> {
  const [[isStandby] = []] = await database.query({ text: 'SELECT pg_is_in_recovery()' })
  if (isStandby === 't')
    throw new UnsafeLogError(
      'The server is a standby: it takes no appends, and does not see which of them are unfinished.',
      'Connect to the primary.',
    )
}
