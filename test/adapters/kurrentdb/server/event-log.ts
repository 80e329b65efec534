import { randomUUID } from 'node:crypto'
import type { Expectation, LogEvent, ProposedEvent, WriteOutcome } from './log-event.ts'
import { DELETED_BEFORE, StreamState } from './stream-state.ts'

export interface StreamWrite {
  readonly name: string
  readonly event: ProposedEvent
}

export interface StreamCheck {
  readonly name: string
  readonly expected: Expectation
}

/** A stream that was not as expected. */
export interface Violation extends StreamCheck {
  readonly actual: bigint | 'no_stream' | 'soft-deleted' | 'tombstoned'
}

/** What became of an append to several streams (facts 2.6). */
export type MultiWriteOutcome =
  | {
      readonly kind: 'written'
      /** Of each stream that got events. */
      readonly revisions: ReadonlyMap<string, bigint>
      readonly position: bigint
    }
  | { readonly kind: 'refused'; readonly violations: readonly Violation[] }

/** The log of the server, and its streams: what is written, refused, or known already. No gRPC here. */
export class EventLog {
  readonly events: LogEvent[] = []
  readonly #streams = new Map<string, StreamState>()
  readonly #listeners = new Set<() => void>()
  /** Event ids of each stream written lately, with their revisions: the server's cache in memory (facts 2.1, weak idempotency). */
  readonly #recent = new Map<string, bigint>()
  readonly #now: () => number
  #end = 0n

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  stream(name: string): StreamState {
    return this.#streams.get(name) ?? new StreamState()
  }

  visible(name: string): readonly LogEvent[] {
    return this.stream(name).visible(this.#now())
  }

  append(name: string, expected: Expectation, events: readonly ProposedEvent[]): WriteOutcome {
    const stream = this.stream(name)
    if (stream.isTombstoned) return { kind: 'deleted' }
    const known = this.#idempotent(stream, { name, expected, events })
    if (known !== undefined) return known
    if (!meets(stream, expected)) return { kind: 'conflict', actual: stream.last ?? 'no_stream' }
    if (stream.isSoftDeleted) this.#undelete(name, stream)
    const written = events.map((event) => this.#write(name, event))
    this.#wake()
    return {
      kind: 'written',
      revision: this.stream(name).last ?? -1n,
      position: written.at(-1)?.position ?? this.#end,
    }
  }

  /** Writes events of several streams, or nothing (facts 2.6). A repetition is known when each stream's events stand at their place; a part of them is a conflict (facts 2.1). */
  appendAll(writes: readonly StreamWrite[], checks: readonly StreamCheck[]): MultiWriteOutcome {
    const names = [...new Set(writes.map(({ name }) => name))]
    const known = names.map((name) =>
      this.#idempotent(this.stream(name), {
        name,
        expected: checks.find((check) => check.name === name)?.expected ?? 'any',
        events: writes.filter((write) => write.name === name).map(({ event }) => event),
      }),
    )
    const isRepeated = names.length > 0 && known.every((outcome) => outcome?.kind === 'written')
    if (!isRepeated) {
      const targets = names.map((name): StreamCheck => ({ name, expected: 'any' }))
      const violations = [...checks, ...targets].flatMap((check) => this.#violation(check))
      if (violations.length > 0) return { kind: 'refused', violations }
      for (const { name, event } of writes) {
        const stream = this.stream(name)
        if (stream.isSoftDeleted) this.#undelete(name, stream)
        this.#write(name, event)
      }
      this.#wake()
    }
    const revisions = new Map(
      names.map((name, index) => [name, revisionOf(known[index]) ?? this.stream(name).last ?? 0n]),
    )
    return { kind: 'written', revisions, position: this.#end }
  }

  #violation({ name, expected }: StreamCheck): readonly Violation[] {
    const stream = this.stream(name)
    if (stream.isTombstoned) return [{ name, expected, actual: 'tombstoned' }]
    if (meets(stream, expected)) return []
    const actual = stream.isSoftDeleted ? 'soft-deleted' : (stream.last ?? 'no_stream')
    return [{ name, expected, actual }]
  }

  /** Hides a stream: its revisions go on when it is written again (facts 2.5). */
  softDelete(name: string, expected: Expectation): WriteOutcome {
    const stream = this.stream(name)
    if (stream.isTombstoned) return { kind: 'deleted' }
    if (!meets(stream, expected)) return { kind: 'conflict', actual: stream.last ?? 'no_stream' }
    return this.append(`$$${name}`, 'any', [metadataEvent(`{"$tb":${DELETED_BEFORE}}`)])
  }

  /** Ends a stream for ever, with a `$streamDeleted` event (facts 2.5). */
  tombstone(name: string, expected: Expectation): WriteOutcome {
    const stream = this.stream(name)
    if (stream.isTombstoned) return { kind: 'deleted' }
    if (!meets(stream, expected)) return { kind: 'conflict', actual: stream.last ?? 'no_stream' }
    const { position, revision } = this.#write(name, {
      ...metadataEvent('{}'),
      type: '$streamDeleted',
    })
    this.stream(name).isTombstoned = true
    this.#wake()
    return { kind: 'written', revision, position }
  }

  /** Forgets what was written after a position, as a restored backup does. */
  setBack(position: bigint): void {
    const kept = this.events.filter((event) => event.position <= position)
    this.events.length = 0
    this.#end = kept.at(-1)?.position ?? 0n
    this.#streams.clear()
    this.#recent.clear()
    for (const event of kept) this.#keep(event)
  }

  onWritten(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A write that was made before (facts 2.1): by the index under a revision or `no_stream`, else by the cache of recent ids, as far as it reaches. */
  #idempotent(
    stream: StreamState,
    write: {
      readonly name: string
      readonly expected: Expectation
      readonly events: readonly ProposedEvent[]
    },
  ): WriteOutcome | undefined {
    const { name, expected, events } = write
    if (events.length === 0) return undefined
    const isExact = typeof expected === 'bigint' || expected === 'no_stream'
    const first = isExact
      ? (typeof expected === 'bigint' ? expected : -1n) + 1n
      : this.#recent.get(`${name}/${events[0]?.id ?? ''}`)
    if (first === undefined) return undefined
    const place = stream.events.slice(Number(first), Number(first) + events.length)
    const isThere =
      place.length === events.length && place.every(({ id }, index) => id === events[index]?.id)
    const last = place.at(-1)
    return isThere && last !== undefined
      ? { kind: 'written', revision: last.revision, position: last.position }
      : undefined
  }

  #write(name: string, event: ProposedEvent): LogEvent {
    const { data, metadata } = event
    // Positions are byte offsets: they have gaps.
    this.#end += BigInt(96 + data.length + metadata.length)
    const written: LogEvent = {
      ...event,
      stream: name,
      revision: (this.stream(name).last ?? -1n) + 1n,
      position: this.#end,
      createdTicks: BigInt(this.#now()) * 10_000n,
    }
    this.#keep(written)
    return written
  }

  #keep(event: LogEvent): void {
    const stream = this.stream(event.stream)
    this.#streams.set(event.stream, stream)
    stream.events.push(event)
    this.events.push(event)
    this.#recent.set(`${event.stream}/${event.id}`, event.revision)
    if (event.type === '$metadata' && event.stream.startsWith('$$')) this.#obey(event)
  }

  /** Metadata needs no call of its own: it is `$metadata` events on `$$stream` (facts 5). */
  #obey({ stream: name, data }: LogEvent): void {
    const subject = name.slice(2)
    const stream = this.stream(subject)
    stream.obey(data)
    this.#streams.set(subject, stream)
  }

  /** A soft-deleted stream that is written again begins after what it hid. */
  #undelete(name: string, stream: StreamState): void {
    const before = (stream.last ?? -1n) + 1n
    this.append(`$$${name}`, 'any', [metadataEvent(`{"$tb":${before}}`)])
  }

  #wake(): void {
    for (const listener of this.#listeners) listener()
  }
}

function revisionOf(outcome: WriteOutcome | undefined): bigint | undefined {
  return outcome?.kind === 'written' ? outcome.revision : undefined
}

/** Facts 2.1: a soft-deleted stream accepts `no_stream` and its last revision, and fails `stream_exists`. */
function meets(stream: StreamState, expected: Expectation): boolean {
  switch (expected) {
    case 'any':
      return true
    case 'no_stream':
      return !stream.exists
    case 'stream_exists':
      return stream.exists
    default:
      return stream.last === expected
  }
}

function metadataEvent(json: string): ProposedEvent {
  return {
    id: randomUUID(),
    type: '$metadata',
    contentType: 'application/json',
    data: Buffer.from(json),
    metadata: new Uint8Array(),
  }
}
