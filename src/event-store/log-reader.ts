import { EverfoldError } from '../errors.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { EventDecoder } from './event-decoder.ts'
import type { LogPage, ReadAllOptions, SubscribeOptions } from './event-reader.ts'
import type { EventStorage, StoredLogPage } from './event-storage.ts'
import type { GlobalPosition } from './global-position.ts'
import { held } from './held.ts'
import { nextTurn } from './next-turn.ts'
import { checkPageSize } from './page-size.ts'
import { retryDelayMs } from './retry-delay.ts'
import type { RecordedEvent } from './recorded-event.ts'
import type { StoredEvent } from './stored-event.ts'
import { checkPartition, isIn, type StreamPartition } from './stream-partition.ts'
import { unlessAborted } from './unless-aborted.ts'

/** Reads the log in pages, and follows it. */
export class LogReader {
  readonly #storage: EventStorage
  readonly #decoder: EventDecoder
  readonly #pollIntervalMs: number
  readonly #sleepers = new Set<() => void>()
  #appends = 0

  constructor(storage: EventStorage, decoder: EventDecoder, pollIntervalMs: number) {
    this.#storage = storage
    this.#decoder = decoder
    this.#pollIntervalMs = pollIntervalMs
  }

  async *readAll(options: ReadAllOptions = {}): AsyncGenerator<LogPage> {
    const { signal } = options
    const filter = this.#decoder.filterOf(options)
    const request = this.#requests({ ...options, types: filter.stored })
    let after = options.after
    let { until } = options
    let known = NOWHERE
    /** The page under way was asked for as far as `until`, not only to the head that was known. */
    let isWhole = true
    let seen = this.#appends
    let coming = request(after, until)
    for (;;) {
      const { events, through, head, isFull } = await unlessAborted(coming, signal)
      until ??= head?.position ?? NOWHERE
      // A page may tell of an earlier head than one before it: each connection knows its own.
      if (head !== undefined && head.position > known) known = head.position
      const isLast = isWhole && !isFull && reaches(head, until)
      const mayPrefetch = isFull && through !== undefined && through.position < until
      if (mayPrefetch) {
        coming = held(request(through, until, known))
        await nextTurn()
      }
      if (
        through !== undefined &&
        (events.length > 0 || through.position > (after?.position ?? NOWHERE))
      )
        yield { events: filter.pick(this.#decode(events, options.partition)), through }
      after = through
      if (isLast || reaches(through, until)) return
      if (mayPrefetch) {
        isWhole = until <= known || through.position >= known
        continue
      }
      // `until` lies beyond the head: somebody is still writing below it
      if (isWhole) await this.#pause({ seen, signal })
      isWhole = true
      seen = this.#appends
      coming = request(after, until)
    }
  }

  async *subscribe(options: SubscribeOptions = {}): AsyncGenerator<LogPage> {
    const unwatch = this.#storage.watch?.(() => {
      this.wake()
    })
    try {
      yield* this.#follow(options)
    } finally {
      unwatch?.()
    }
  }

  async *#follow(options: SubscribeOptions): AsyncGenerator<LogPage> {
    const { signal } = options
    const filter = this.#decoder.filterOf(options)
    const request = this.#requests({ ...options, types: filter.stored })
    const next = (after: Checkpoint | undefined): ReturnType<typeof request> =>
      held(request(after, undefined))
    let after = options.after
    let seen = this.#appends
    let failures = 0
    let coming = next(after)
    for (;;) {
      const page = await unlessAborted(coming, signal).catch(passing)
      signal?.throwIfAborted()
      if (EverfoldError.is(page)) {
        await this.#pause({ ms: retryDelayMs(failures++), signal })
        coming = next(after)
        continue
      }
      failures = 0
      const { events, through, isFull } = page
      const hasMoved = through !== undefined && through.position > (after?.position ?? NOWHERE)
      if (hasMoved) after = through
      if (isFull) {
        coming = next(after)
        await nextTurn()
      }
      if (hasMoved) yield { events: filter.pick(this.#decode(events, options.partition)), through }
      if (isFull) continue
      if (!hasMoved) await this.#pause({ seen, signal })
      seen = this.#appends
      coming = next(after)
    }
  }

  /** Ends the pauses of those who follow the log: something was appended. */
  wake(): void {
    this.#appends++
    for (const wakeUp of this.#sleepers) wakeUp()
  }

  /** What others are to read is not decoded. */
  #decode(
    events: readonly StoredEvent[],
    partition: StreamPartition | undefined,
  ): readonly RecordedEvent[] {
    const asked =
      partition === undefined ? events : events.filter(({ streamId }) => isIn(partition, streamId))
    return this.#decoder.decodeLog(asked)
  }

  #requests({ types, categories, partition, pageSize, signal }: SubscribeOptions) {
    const limit = checkPageSize(pageSize)
    if (partition !== undefined) checkPartition(partition)
    if (types?.length === 0 || categories?.length === 0)
      throw new TypeError(
        'An empty list of types or categories matches no event. Leave the option out to read all.',
      )
    return async (
      after: Checkpoint | undefined,
      until: GlobalPosition | undefined,
      known = NOWHERE,
    ): Promise<StoredLogPage> => {
      signal?.throwIfAborted()
      // As far as a head that was told before, a storage need not ask again what is safe.
      const isBelowHead = until !== undefined && (after?.position ?? NOWHERE) < known
      const bound = isBelowHead && known < until ? known : until
      const filter = { types, categories, partition, limit }
      return this.#storage.readAllPage({ after, until: bound, isBelowHead, ...filter })
    }
  }

  /** Waits for the poll interval, or `ms`, less when something is appended, or was since `seen`. */
  async #pause(options: {
    readonly seen?: number
    readonly ms?: number
    readonly signal: AbortSignal | undefined
  }): Promise<void> {
    const { seen = this.#appends, ms = this.#pollIntervalMs, signal } = options
    signal?.throwIfAborted()
    if (seen !== this.#appends) return
    await new Promise<void>((resolve) => {
      const wakeUp = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', wakeUp)
        this.#sleepers.delete(wakeUp)
        resolve()
      }
      const timer = setTimeout(wakeUp, ms)
      signal?.addEventListener('abort', wakeUp)
      this.#sleepers.add(wakeUp)
    })
    signal?.throwIfAborted()
  }
}

const NOWHERE = 0n as GlobalPosition

function reaches(place: Checkpoint | undefined, until: GlobalPosition): boolean {
  return (place?.position ?? NOWHERE) >= until
}

/** An error that can pass is for `subscribe` to outwait. */
function passing(error: unknown): EverfoldError {
  if (EverfoldError.is(error) && error.retryable) return error
  throw error
}
