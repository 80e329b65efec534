import { types } from 'node:util'

/** Tells whether the operating system refused something, e.g. a file that is not there. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return types.isNativeError(error) && 'syscall' in error
}
