import type { StreamId } from '../event-store/stream-id.ts'
import { unlessAborted } from '../event-store/unless-aborted.ts'
import type { Logger } from '../projections/logger.ts'
import type { FoldedState } from './folded-state.ts'
import { SnapshotReports, type SnapshotCounts } from './snapshot-reports.ts'
import type { SnapshotPolicy } from './snapshot-policy.ts'
import type { SnapshotBounds, SnapshotStore } from './snapshot-store.ts'
import type { Snapshot } from './snapshot.ts'
import { fingerprintOf, type Fingerprinted, type Snapshotted } from './snapshotted.ts'
import { StateCodec } from './state-codec.ts'

/** Most that are written at the same time: a store that hangs must not gather all states of a busy process. */
const MOST_AT_ONCE = 64

export interface SnapshotsOptions {
  readonly store: SnapshotStore
  readonly policy: SnapshotPolicy
  readonly keep: number
  readonly logger: Logger
}

/** A snapshot that can be used, and its state. */
export interface Restored<State> {
  readonly snapshot: Snapshot
  readonly state: State
}

/** What a search found. */
export interface SnapshotSearch<State> {
  readonly restored: Restored<State> | undefined
  /** Whether one was found that is of no use, and waits to be replaced. */
  readonly hasUseless: boolean
}

/** Finds snapshots to begin with, and takes new ones in the background. Whatever goes wrong is reported; loads fold more events then. */
export class Snapshots {
  readonly #options: SnapshotsOptions
  readonly #codec = new StateCodec()
  readonly #reports: SnapshotReports
  readonly #fingerprints = new WeakMap<object, string>()
  /** Aggregates of which a state was seen. */
  readonly #seen = new WeakSet<object>()
  /** What is written at the moment, one thing for each stream. */
  readonly #running = new Map<StreamId, Promise<void>>()

  constructor(options: SnapshotsOptions) {
    this.#options = options
    this.#reports = new SnapshotReports(options.logger)
  }

  get counts(): SnapshotCounts {
    return this.#reports.counts
  }

  /** Finds the newest snapshot that can be used. Those that turn out to be of no use are passed over and reported. */
  async find<State>(
    aggregate: Snapshotted<State>,
    streamId: StreamId,
    {
      signal,
      ...bounds
    }: Omit<SnapshotBounds, 'fingerprint'> & { readonly signal: AbortSignal | undefined },
  ): Promise<SnapshotSearch<State>> {
    const fingerprint = this.fingerprintOf(aggregate)
    let { maxVersion } = bounds
    let hasUseless = false
    try {
      for (;;) {
        const found = this.#options.store.find(streamId, { ...bounds, fingerprint, maxVersion })
        const snapshot = await unlessAborted(found, signal)
        if (snapshot === undefined) return { restored: undefined, hasUseless }
        if (snapshot.fingerprint !== fingerprint) {
          this.#reports.otherFingerprint(snapshot, fingerprint)
          return { restored: undefined, hasUseless: true }
        }
        try {
          return {
            restored: { snapshot, state: this.#codec.decode(aggregate, snapshot.state) },
            hasUseless,
          }
        } catch (error) {
          this.#reports.broken(snapshot, error)
          hasUseless = true
          maxVersion = snapshot.version - 1
        }
      }
    } catch (error) {
      signal?.throwIfAborted()
      this.#reports.notRead(streamId, error)
      return { restored: undefined, hasUseless }
    }
  }

  used(): void {
    this.#reports.used()
  }

  /** Removes a snapshot that was not made of the stream as it is: such ones would stand in the way of new ones for ever. */
  discard(
    snapshot: Snapshot,
    actual: { readonly version: number; readonly eventId: string | undefined },
  ): void {
    const { streamId, version } = snapshot
    this.#reports.ofAnotherHistory(snapshot, actual)
    this.#inBackground(streamId, () => this.#options.store.delete(streamId, version))
  }

  /** Takes a snapshot in the background, if the policy says so. Never throws. */
  consider<State>(aggregate: Snapshotted<State>, folded: FoldedState<State>): void {
    const { state, version, snapshotVersion } = folded
    const policy: SnapshotPolicy<State> = aggregate.snapshot?.policy ?? this.#options.policy
    try {
      if (policy({ state, version, eventsSinceSnapshot: version - snapshotVersion }))
        this.#take(aggregate, folded)
      else if (!this.#seen.has(aggregate)) this.#codec.encode(aggregate, state) // refused now, not when the first snapshot is due
    } catch (error) {
      this.#reports.notTaken(aggregate, folded.streamId, error)
    }
    this.#seen.add(aggregate)
  }

  /** Waits until nothing is written any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values())
  }

  /** All snapshots of a stream that loads could use, newest first, and how many others there are. */
  async listOf(
    aggregate: Fingerprinted,
    streamId: StreamId,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly usable: readonly Snapshot[]; readonly ignored: number }> {
    const fingerprint = this.fingerprintOf(aggregate)
    const usable: Snapshot[] = []
    let ignored = 0
    let maxVersion: number | undefined
    for (;;) {
      const found = this.#options.store.find(streamId, { fingerprint, maxVersion })
      const snapshot = await unlessAborted(found, signal)
      if (snapshot === undefined) return { usable, ignored }
      if (snapshot.fingerprint === fingerprint) usable.push(snapshot)
      else ignored++
      maxVersion = snapshot.version - 1
    }
  }

  /** JSON text of a state, as a snapshot keeps it. */
  encode<State>(aggregate: Snapshotted<State>, state: State): string {
    return this.#codec.encode(aggregate, state)
  }

  fingerprintOf(aggregate: Fingerprinted): string {
    const known = this.#fingerprints.get(aggregate)
    if (known !== undefined) return known
    const fingerprint = fingerprintOf(aggregate)
    this.#fingerprints.set(aggregate, fingerprint)
    return fingerprint
  }

  /** Encoded at once: the caller gets the state next, and may change it. */
  #take<State>(aggregate: Snapshotted<State>, folded: FoldedState<State>): void {
    const { streamId, version, position, eventId, recordedAtMs, occurredAtMs } = folded
    if (position === undefined || eventId === undefined) return
    if (this.#isBusy(streamId)) {
      this.#reports.skipped()
      return
    }
    const state = this.#codec.encode(aggregate, folded.state)
    const fingerprint = this.fingerprintOf(aggregate)
    const place = { streamId, version, position, eventId }
    const snapshot = { ...place, state, fingerprint, recordedAtMs, occurredAtMs }
    const keep = aggregate.snapshot?.keep ?? this.#options.keep
    this.#inBackground(streamId, async () => {
      try {
        await this.#options.store.save(snapshot, { keep })
        this.#reports.taken()
      } catch (error) {
        this.#reports.notTaken(aggregate, streamId, error)
      }
    })
  }

  #isBusy(streamId: StreamId): boolean {
    return this.#running.has(streamId) || this.#running.size >= MOST_AT_ONCE
  }

  #inBackground(streamId: StreamId, work: () => Promise<void>): void {
    if (this.#isBusy(streamId)) return
    const running = Promise.resolve()
      .then(work)
      .catch((error: unknown) => {
        this.#reports.notRemoved(streamId, error)
      })
      .finally(() => this.#running.delete(streamId))
    this.#running.set(streamId, running)
  }
}
