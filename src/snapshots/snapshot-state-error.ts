import { EverfoldError } from '../errors.ts'

/** A state does not come back from JSON as it was, so no snapshot of it can be kept. Loads fold all events instead. */
export class SnapshotStateError extends EverfoldError {
  readonly code = 'SNAPSHOT_STATE'
  readonly retryable = false
  readonly category: string
  /** Where in the state, e.g. `openedAt` or `lines[2].price`; empty: the state as a whole. */
  readonly path: string

  constructor(
    category: string,
    { path, problem }: { readonly path: string; readonly problem: string },
    options?: ErrorOptions,
  ) {
    super(
      `No snapshot of '${category}' can be kept: ${path === '' ? 'its state' : `'${path}' of its state`} ${problem}. Keep it as JSON does, or give the aggregate snapshot: { toJson, fromJson }.`,
      options,
    )
    this.category = category
    this.path = path
  }
}
