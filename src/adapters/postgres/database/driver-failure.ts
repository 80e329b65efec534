import { types } from 'node:util'
import { DatabaseError } from './database-error.ts'
import { DatabaseUnavailableError } from './database-unavailable-error.ts'

/** Translates what a driver threw for a statement that was sent. */
export function translateFailure(error: unknown): DatabaseError | DatabaseUnavailableError {
  const cause = asError(error)
  const sqlState = sqlStateOf(error)
  return sqlState === undefined || isConnectionLost(error)
    ? new DatabaseUnavailableError('unknown', { cause })
    : new DatabaseError(sqlState, { cause })
}

/** Translates what a driver threw while it connected: nothing was sent. */
export function translateConnectFailure(error: unknown): DatabaseError | DatabaseUnavailableError {
  const cause = asError(error)
  const sqlState = sqlStateOf(error)
  return sqlState !== undefined && WRONG_ADDRESS.test(sqlState)
    ? new DatabaseError(sqlState, { cause })
    : new DatabaseUnavailableError('not-run', { cause })
}

/** Tells whether the connection is no longer usable: the server ended it, or the failure came from no server at all. */
export function isConnectionLost(error: unknown): boolean {
  const sqlState = sqlStateOf(error)
  return sqlState === undefined || CONNECTION_LOST.test(sqlState) || isFatal(error)
}

/** Connection exceptions, completion unknown, shutdown and crash, idle and transaction timeouts that end the session. */
const CONNECTION_LOST = /^(08...|40003|57P0[1-5]|25P0[34])$/

function isFatal(error: unknown): boolean {
  const { severity } = error as { readonly severity?: unknown }
  return severity === 'FATAL' || severity === 'PANIC'
}

/** Invalid authorization, no such database: trying again changes nothing. */
const WRONG_ADDRESS = /^(28...|3D000)$/

/** Sockets fail with codes too ('EPIPE', 'ECONNRESET'); only what a server sent has a severity. */
function sqlStateOf(error: unknown): string | undefined {
  if (!types.isNativeError(error) || !('severity' in error && 'code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

function asError(error: unknown): Error {
  return types.isNativeError(error) ? error : new Error(String(error))
}
