import type { StreamId } from '../event-store/stream-id.ts'
import type { Logger } from '../projections/logger.ts'
import { SnapshotStateError } from './snapshot-state-error.ts'
import type { Snapshot } from './snapshot.ts'

/** What became of the snapshots of a repository since it was made. */
export interface SnapshotCounts {
  /** Kept. */
  readonly taken: number
  /** Not kept because of an error, which the logger was told. */
  readonly failed: number
  /** Not tried, because one of the same stream, or many of others, were being written. */
  readonly skipped: number
  /** Loads that began with one. */
  readonly used: number
  /** Found, and of no use: of other code, broken, or of another history. */
  readonly ignored: number
}

/** Counts what becomes of snapshots, and tells the logger what goes wrong. */
export class SnapshotReports {
  readonly #logger: Logger
  readonly #counts = { taken: 0, failed: 0, skipped: 0, used: 0, ignored: 0 }
  /** Aggregates whose states were refused: each is told of once, as each append would meet it again. */
  readonly #refused = new WeakSet<object>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  get counts(): SnapshotCounts {
    return { ...this.#counts }
  }

  taken(): void {
    this.#counts.taken++
  }

  skipped(): void {
    this.#counts.skipped++
  }

  used(): void {
    this.#counts.used++
  }

  notTaken(aggregate: object, streamId: StreamId, error: unknown): void {
    this.#counts.failed++
    if (error instanceof SnapshotStateError) {
      if (this.#refused.has(aggregate)) return
      this.#refused.add(aggregate)
      this.#logger.error(error.message, { streamId, error })
    } else
      this.#logger.warn(`No snapshot of '${streamId}' was taken: ${messageOf(error)}`, {
        streamId,
        error,
      })
  }

  notRead(streamId: StreamId, error: unknown): void {
    this.#counts.failed++
    this.#logger.warn(
      `The snapshots of '${streamId}' cannot be read, and all its events are folded instead: ${messageOf(error)}`,
      { streamId, error },
    )
  }

  notRemoved(streamId: StreamId, error: unknown): void {
    this.#logger.warn(`A snapshot of '${streamId}' cannot be removed: ${messageOf(error)}`, {
      streamId,
      error,
    })
  }

  /** What every deployment of a new shape meets: no reason to worry. */
  otherFingerprint({ streamId, version, fingerprint }: Snapshot, expected: string): void {
    this.#counts.ignored++
    this.#logger.info(
      `The snapshot of '${streamId}' at version ${version} was folded by other code (fingerprint ${fingerprint}; this code has ${expected}). It is ignored, and replaced when the next one is taken.`,
      { streamId, version, fingerprint, expected },
    )
  }

  broken({ streamId, version }: Snapshot, error: unknown): void {
    this.#counts.ignored++
    this.#logger.warn(
      `The snapshot of '${streamId}' at version ${version} cannot be read: ${messageOf(error)}. It is ignored. If 'fromJson' of the aggregate is not to blame, look for who changed it in its store.`,
      { streamId, version, error },
    )
  }

  ofAnotherHistory(
    { streamId, version, eventId }: Snapshot,
    actual: { readonly version: number; readonly eventId: string | undefined },
  ): void {
    this.#counts.ignored++
    const problem =
      actual.version < version
        ? `is newer than its stream, which is at version ${actual.version}`
        : `was made of another history: event '${eventId}' stood there, and now ${actual.eventId === undefined ? 'none does' : `'${actual.eventId}' does`}`
    this.#logger.warn(
      `The snapshot of '${streamId}' at version ${version} ${problem}. The log was set back to an older state (restore, failover), or event store and snapshot store do not belong together. The snapshot is ignored and removed.`,
      { streamId, version, actual },
    )
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
