import type { Checkpoint } from './checkpoint.ts'
import type { GlobalPosition } from './global-position.ts'
import type { RecordedEvent } from './recorded-event.ts'
import type { StreamId } from './stream-id.ts'
import type { StreamPartition } from './stream-partition.ts'

/**
 * The half of an `EventStore` that reads. Events are upcast; what one stored event is split into always comes in one page. Leaving a `for await` early
 * releases what it holds.
 */
export interface EventReader {
  /**
   * Reads a stream page by page, in version order or backwards. An unwritten stream gives one page without events at version 0.
   *
   * @throws {UnknownEventTypeError} the stream's category has a catalog that does not declare an event's type.
   * @throws {NewerSchemaVersionError | UpcastFailedError} an event cannot be carried to its current shape.
   */
  readStream(streamId: StreamId, options?: ReadStreamOptions): AsyncIterable<StreamPage>

  /**
   * Reads the log from `after` to `until`, or to where it ended when the reading began. Every committed event comes exactly once, in position
   * order, whatever concurrent writers, rollbacks, open transactions and restarts do.
   *
   * @throws {StoreRewoundError} the log does not contain `after`, or no longer: asked with every page.
   */
  readAll(options?: ReadAllOptions): AsyncIterable<LogPage>

  /**
   * Reads the log from `after` and then follows it, with the promises of `readAll`. Ends only by an error, by `break`, or with the reason of
   * `signal` thrown. A store that cannot be reached is asked again, with growing pauses, for ever.
   */
  subscribe(options?: SubscribeOptions): AsyncIterable<LogPage>

  /** Where the log ends; undefined: it is empty. */
  head(options?: CallOptions): Promise<Checkpoint | undefined>

  /** Tells whether the log holds the event of a checkpoint. False: it was set back (restore, failover), or is another log. */
  contains(checkpoint: Checkpoint, options?: CallOptions): Promise<boolean>

  /** Lists the streams of a category, page by page, in the order of their ids' UTF-8 bytes. */
  streams(category: string, options?: StreamsOptions): AsyncIterable<readonly StreamId[]>

  /** Finds the outcome of an append by its command: version and position of its last event. */
  findCommand(
    streamId: StreamId,
    commandId: string,
    options?: CallOptions,
  ): Promise<CommandOutcome | undefined>
}

/** What any call takes. */
export interface CallOptions {
  /** Ends the waiting for the answer, with its reason; what the database was asked to do goes on. */
  readonly signal?: AbortSignal | undefined
}

export interface ReadStreamOptions {
  /** First version to read, inclusive, from 1. Default 1. */
  readonly fromVersion?: number | undefined
  /** Last version to read, inclusive. Default: the last event. */
  readonly toVersion?: number | undefined
  /** Default `'forwards'`; `'backwards'` begins at `toVersion`. */
  readonly direction?: 'forwards' | 'backwards' | undefined
  /** Most events to read, as they are stored: all that one is split into are given. Default: no limit. */
  readonly maxCount?: number | undefined
  /** Events per round trip, 1 to 10,000. Default 2000. */
  readonly pageSize?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface StreamPage {
  readonly events: readonly RecordedEvent[]
  /** Version of the stream's last event when the page was read, in the page or not; 0 = unwritten. */
  readonly version: number
}

export interface SubscribeOptions {
  /** Place in the log after which to begin, exclusive. Default: the beginning. */
  readonly after?: Checkpoint | undefined
  /** Only events of these types, also those that were stored under a name which is retired. Default: all, also types that no catalog declares. */
  readonly types?: readonly string[] | undefined
  /** Only events of streams of these categories. Default: all. */
  readonly categories?: readonly string[] | undefined
  /** Only events of streams in these parts, e.g. to share a log among readers; a store leaves out the others where it can, on its server. Default: all. */
  readonly partition?: StreamPartition | undefined
  /** Events per round trip, 1 to 10,000. Default 2000. */
  readonly pageSize?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ReadAllOptions extends SubscribeOptions {
  /** Last position to read, inclusive: waits until the log has got there. Default: where the log ends when the reading begins. */
  readonly until?: GlobalPosition | undefined
}

export interface LogPage {
  /** The events that match, in position order; may be none. */
  readonly events: readonly RecordedEvent[]
  /** How far the log was looked at: a reader may go on after it. */
  readonly through: Checkpoint
}

export interface StreamsOptions {
  /** Stream after which to begin, exclusive. */
  readonly after?: StreamId | undefined
  /** Streams per round trip, 1 to 10,000. Default 2000. */
  readonly pageSize?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Outcome of the append of a command. */
export interface CommandOutcome {
  /** Version of the last event that it wrote. */
  readonly version: number
  /** Position of that event. */
  readonly position: GlobalPosition
}
