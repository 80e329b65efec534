import { EverfoldError } from '../../errors.ts'
import { isVisible, type LockOwner } from './lock-owner.ts'

/** The folder of an embedded database is open elsewhere. Two processes that write to it would destroy it. */
export class DatabaseInUseError extends EverfoldError {
  readonly code = 'DATABASE_IN_USE'
  readonly retryable = false
  /** The lock file. */
  readonly file: string
  /** Who holds it; undefined: the file does not tell. */
  readonly owner: LockOwner | undefined

  constructor(file: string, owner: LockOwner | undefined, options?: ErrorOptions) {
    super(`The database is in use: ${describe(file, owner)}`, options)
    this.file = file
    this.owner = owner
  }
}

function describe(file: string, owner: LockOwner | undefined): string {
  if (owner === undefined)
    return `'${file}' does not tell by whom. If no process uses the folder, delete that file.`
  const { pid, host, since } = owner
  const holder = `process ${pid} on host '${host}' holds '${file}' since ${since}.`
  if (!isVisible(owner))
    return `${holder} Whether it still runs cannot be seen from here. If it does not, delete that file.`
  if (pid === process.pid)
    return `${holder} That is this process: share the one it has opened, or close it first.`
  return `${holder} Stop it first; an embedded database belongs to one process at a time.`
}
