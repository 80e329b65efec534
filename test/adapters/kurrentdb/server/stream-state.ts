import type { LogEvent } from './log-event.ts'

/** `$tb` of a soft-deleted stream: the greatest 64-bit integer (facts 2.5). */
export const DELETED_BEFORE = 2n ** 63n - 1n

/** One stream: its events, and what its metadata makes of them (facts 2.5). */
export class StreamState {
  readonly events: LogEvent[] = []
  /** For ever (facts 2.5). */
  isTombstoned = false
  truncateBefore = 0n
  maxCount: number | undefined
  maxAgeMs: number | undefined

  /** Revision of the last event; undefined: there was never one. */
  get last(): bigint | undefined {
    return this.events.at(-1)?.revision
  }

  get isSoftDeleted(): boolean {
    return this.truncateBefore === DELETED_BEFORE
  }

  /** Whether a client sees the stream as one that exists (facts 2.1, 2.2). */
  get exists(): boolean {
    return this.events.length > 0 && !this.isSoftDeleted
  }

  /** The events that reads give: without those that `$maxCount`, `$maxAge` and `$tb` hide. */
  visible(nowMs: number): readonly LogEvent[] {
    if (this.isSoftDeleted) return []
    const { maxCount, maxAgeMs, truncateBefore } = this
    const counted = maxCount === undefined ? this.events : this.events.slice(-maxCount)
    if (truncateBefore === 0n && maxAgeMs === undefined) return counted
    const oldest = maxAgeMs === undefined ? 0n : BigInt(nowMs - maxAgeMs) * 10_000n
    return counted.filter(
      ({ revision, createdTicks }) => revision >= truncateBefore && createdTicks >= oldest,
    )
  }

  /** Takes over what a `$metadata` event of `$$stream` says. The greatest `$tb` is no exact number in JSON: it is known by its digits (facts 2.5). */
  obey(metadata: Uint8Array): void {
    const text = Buffer.from(metadata).toString('utf8')
    const given = JSON.parse(text === '' ? '{}' : text) as Readonly<Record<string, unknown>>
    this.maxCount = numberOr(given['$maxCount'])
    const maxAge = numberOr(given['$maxAge'])
    this.maxAgeMs = maxAge === undefined ? undefined : maxAge * 1000
    const before = /"\$tb":\s*(\d+)/.exec(text)?.[1]
    this.truncateBefore = before === undefined ? 0n : BigInt(before)
  }
}

function numberOr(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
