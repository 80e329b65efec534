import type { AppendOptions, AppendResult, StreamAppend } from './append.ts'
import type { DomainEvent } from './domain-event.ts'
import type { CallOptions } from './event-reader.ts'
import type { StreamId } from './stream-id.ts'

/** The half of an `EventStore` that writes. */
export interface EventWriter {
  /**
   * Appends events to the end of a stream: all of them in the order given, or none.
   *
   * The first event of a stream has version 1; an unwritten stream is at version 0. Appending no events still checks
   * `expectedVersion`. Safe from many processes at once.
   *
   * Under a number or `'no-stream'` it is idempotent by event ids: the same ids at the same place answer with the first result,
   * so an append whose reply was lost is repeated by the store itself. Under `'any'` and `'stream-exists'` it is not.
   *
   * ```ts
   * const { version } = await store.append(account, [accountEvents.MoneyDeposited({ cents: 50 })], { expectedVersion: 3 })
   * // 4
   * ```
   *
   * Appends to one stream are written in the order of their calls. A `signal` that aborts before anything was sent ends the call with its reason;
   * later it can only end the waiting, with an `OutcomeUnknownError`.
   *
   * @throws {WrongExpectedVersionError} another writer was first. Load the stream again and retry.
   * @throws {CommandRepeatedError} `commandId` was appended to this stream before.
   * @throws {OutcomeUnknownError} the connection was lost, and whether it was written cannot be told.
   * @throws {AppendRacedError} other writers, or an open transaction of one, kept it from being written until the deadline.
   * @throws {UnknownEventTypeError | EventDataRefusedError | NotJsonError | InvalidEventError | InvalidStreamIdError | InvalidVersionError}
   * bad input; nothing was sent.
   */
  append(
    streamId: StreamId,
    events: readonly DomainEvent[],
    options: AppendOptions,
  ): Promise<AppendResult>

  /**
   * Appends to several streams in one atomic commit: all of it or nothing. Each stream may be named once. In the log their events follow each other by
   * stream, in an order of the store's choice.
   *
   * @returns the results in the order of `appends`.
   * @throws the error of the first append that is refused, as `append` does.
   */
  appendAll(
    appends: readonly StreamAppend[],
    options?: CallOptions,
  ): Promise<readonly AppendResult[]>
}
