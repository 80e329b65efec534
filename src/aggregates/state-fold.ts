import type { GlobalPosition } from '../event-store/global-position.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import type { StreamId } from '../event-store/stream-id.ts'
import type { FoldedState } from '../snapshots/folded-state.ts'
import type { Restored } from '../snapshots/snapshots.ts'

/** What a fold needs of an aggregate: see `foldingOf`. */
export interface Folding<State> {
  readonly initialState: () => State
  readonly evolve: (state: State, event: RecordedEvent) => State
}

/** Folds the events of a stream into the state of its aggregate, from the first one or from a snapshot on. */
export class StateFold<State> implements FoldedState<State> {
  readonly streamId: StreamId
  readonly snapshotVersion: number
  state: State
  version: number
  position: GlobalPosition | undefined
  eventId: string | undefined
  recordedAtMs: number
  occurredAtMs: number
  /** Version of the stream when it was read, whatever was folded of it. */
  streamVersion = 0
  /** Whether a snapshot was found that is of no use. */
  hasUselessSnapshot = false
  readonly #evolve: (state: State, event: RecordedEvent) => State

  constructor(
    { initialState, evolve }: Folding<State>,
    streamId: StreamId,
    restored?: Restored<State>,
  ) {
    const snapshot = restored?.snapshot
    this.#evolve = evolve
    this.streamId = streamId
    this.snapshotVersion = snapshot?.version ?? 0
    this.state = restored === undefined ? initialState() : restored.state
    this.version = this.snapshotVersion
    this.position = snapshot?.position
    this.eventId = snapshot?.eventId
    this.recordedAtMs = snapshot?.recordedAtMs ?? -Infinity
    this.occurredAtMs = snapshot?.occurredAtMs ?? -Infinity
  }

  add(event: RecordedEvent): void {
    this.state = this.#evolve(this.state, event)
    this.version = event.version
    this.position = event.position
    this.eventId = event.id
  }

  /** Of events that were added: only those who keep snapshots ask. */
  addTimes(event: Pick<RecordedEvent, 'recordedAt' | 'occurredAt'>): void {
    this.recordedAtMs = Math.max(this.recordedAtMs, event.recordedAt.getTime())
    this.occurredAtMs = Math.max(this.occurredAtMs, event.occurredAt.getTime())
  }
}
