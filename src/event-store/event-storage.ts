import type { Checkpoint } from './checkpoint.ts'
import type { CommandOutcome } from './event-reader.ts'
import type { ExpectedVersion } from './expected-version.ts'
import type { GlobalPosition } from './global-position.ts'
import type { EventToStore, StoredEvent } from './stored-event.ts'
import type { StreamId } from './stream-id.ts'
import type { StreamPartition } from './stream-partition.ts'

/**
 * The port that an adapter implements: single operations on stored events. Everything with a loop (pages, following, repeating) and
 * everything about their content (catalogs, upcasting, encoding) is `createEventStore`'s.
 */
export interface EventStorage {
  readonly capabilities: EventStorageCapabilities

  /**
   * Writes all appends in one atomic commit, or nothing. Streams are distinct.
   *
   * For each stream the verdicts come in this order: ids (under a number or `'no-stream'`, exactly these event ids stand at exactly this place:
   * `'appended'`, with the first outcome), command, version. If any append is refused nothing is written.
   * Positions are drawn after the version check, so their order respects the order of versions.
   *
   * @returns one verdict per append, in their order; all `'appended'`, or nothing was written.
   * @throws {OutcomeUnknownError} the connection was lost before the reply.
   */
  append(appends: readonly StorageAppend[]): Promise<readonly AppendVerdict[]>

  /**
   * Reads up to `limit` events of a stream, fewer when they are large, at least one when there is one.
   *
   * @param take gets them in order, each as it arrives: it is decoded while the storage makes those after it. What it throws, the storage throws, and hands no more on.
   * @returns the stream's version at the same moment.
   */
  readStreamPage(
    streamId: StreamId,
    range: StreamRange,
    take: (event: StoredEvent) => void,
  ): Promise<number>

  /**
   * Reads up to `limit` matching events after `after`, fewer when they are large, in position order, none beyond the safe head: below it no event can
   * still appear. Never inside a caller's transaction.
   *
   * @returns `head`: the greatest existing position at or below the safe head. `isFull`: more may match before head and `until`. `through`: how far
   * the log was looked at: the last event given when the page is full, else the greatest existing position at or below head and `until`; `after` when
   * that is further.
   * @throws {StoreRewoundError} `after` is not in the log, by the same statement that reads the page.
   */
  readAllPage(range: LogRange): Promise<StoredLogPage>

  head(): Promise<Checkpoint | undefined>
  contains(checkpoint: Checkpoint): Promise<boolean>
  /** Up to `limit` stream ids of a category after `after`, by UTF-8 bytes. */
  streamsPage(
    category: string,
    range: { readonly after: StreamId | undefined; readonly limit: number },
  ): Promise<readonly StreamId[]>
  findCommand(streamId: StreamId, commandId: string): Promise<CommandOutcome | undefined>

  /** Calls `wake` when another process may have appended, until the function that it gives is called. A hint: some may be missed. */
  watch?(wake: () => void): () => void
}

/** What a storage can do, as data; what it cannot is refused by the store with a reason. */
export interface EventStorageCapabilities {
  /** `appendAll` over several streams: true, or why not. */
  readonly appendAll: true | { readonly unsupported: string }
  /** Of how many of a stream's last events the commands are known; undefined: of all. */
  readonly commandLookBack?: number | undefined
}

export interface StorageAppend {
  readonly streamId: StreamId
  readonly events: readonly EventToStore[]
  readonly expectedVersion: ExpectedVersion
  /** Kept with the last event. */
  readonly commandId: string | undefined
}

export type AppendVerdict =
  | {
      readonly status: 'appended'
      readonly version: number
      readonly positions: readonly GlobalPosition[]
      /** Undefined when there were no events. */
      readonly recordedAtMs: number | undefined
    }
  | {
      readonly status: 'wrong-version'
      readonly actual: number
      /** How many of the events stand at their place already, fewer than all. */
      readonly overlap: number
    }
  | ({ readonly status: 'command-repeated' } & CommandOutcome)
  /** This append alone would have been written; another one of the call was refused. */
  | { readonly status: 'not-written' }
  /** Another writer's append to one of the streams came in between: the caller runs the call again. */
  | { readonly status: 'raced' }

export interface StreamRange {
  /** Inclusive. */
  readonly fromVersion: number
  /** Inclusive; undefined: to the end. */
  readonly toVersion: number | undefined
  readonly direction: 'forwards' | 'backwards'
  readonly limit: number
}

export interface LogRange {
  readonly after: Checkpoint | undefined
  /** Inclusive; undefined: to the head. */
  readonly until: GlobalPosition | undefined
  /** `until` lies at or below a head that this storage has told before in the same reading. Default false. */
  readonly isBelowHead?: boolean | undefined
  readonly types: readonly string[] | undefined
  readonly categories: readonly string[] | undefined
  /** Events of other parts may be left out: whoever asks drops them. */
  readonly partition?: StreamPartition | undefined
  readonly limit: number
}

export interface StoredLogPage {
  readonly events: readonly StoredEvent[]
  readonly through: Checkpoint | undefined
  readonly head: Checkpoint | undefined
  readonly isFull: boolean
}
