import type { DomainEvent } from './domain-event.ts'
import type { ExpectedVersion } from './expected-version.ts'
import type { GlobalPosition } from './global-position.ts'
import type { StreamId } from './stream-id.ts'

export interface AppendOptions {
  /** What the stream must be at. */
  readonly expectedVersion: ExpectedVersion
  /** Marks the append: a second one of the same command to the same stream is refused with the first outcome. 1 to 255 characters. */
  readonly commandId?: string | undefined
  /** Ends the wait, not an append that is under way: see `EventWriter.append`. */
  readonly signal?: AbortSignal | undefined
}

/** One stream's part of `appendAll`. */
export interface StreamAppend extends Omit<AppendOptions, 'signal'> {
  readonly streamId: StreamId
  readonly events: readonly DomainEvent[]
}

export interface AppendResult {
  /** Version of the stream's last event. */
  readonly version: number
  /** Position of the last event appended; undefined when none was. */
  readonly position: GlobalPosition | undefined
  /** Positions of all events appended, in their order. */
  readonly positions: readonly GlobalPosition[]
  /** When the store took the events; undefined when there was none. */
  readonly recordedAt: Date | undefined
}
