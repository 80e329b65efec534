import { ExponentialBackoff, handleWhen, retry } from 'cockatiel'
import { EverfoldError } from '../errors.ts'
import type { CommandRepeatedError } from '../event-store/command-repeated-error.ts'
import type { EventMetadata } from '../event-store/domain-event.ts'
import type { EventDefinitions, EventsOf, RecordedOf } from '../event-store/event-catalog.ts'
import type { CommandOutcome, CallOptions } from '../event-store/event-reader.ts'
import type { EventStore } from '../event-store/event-store.ts'
import type { GlobalPosition } from '../event-store/global-position.ts'
import { newId as anyId } from '../event-store/new-id.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { streamId, type StreamId } from '../event-store/stream-id.ts'
import type { WrongExpectedVersionError } from '../event-store/wrong-expected-version-error.ts'
import { unlessAborted } from '../event-store/unless-aborted.ts'
import { warningLogger, type Logger } from '../projections/logger.ts'
import { everyEvents, type SnapshotPolicy } from '../snapshots/snapshot-policy.ts'
import type { SnapshotCounts } from '../snapshots/snapshot-reports.ts'
import type { SnapshotStore } from '../snapshots/snapshot-store.ts'
import { Snapshots } from '../snapshots/snapshots.ts'
import { checkKeep } from '../snapshots/snapshotted.ts'
import { AggregateLoader } from './aggregate-loader.ts'
import { decide, evolve, type Aggregate, type CommandOf } from './aggregate.ts'
import { auditAll, auditStreams, type SnapshotAudit } from './audit.ts'
import type { AggregateMoment } from './moment.ts'
import { recordedOf } from './recorded-of.ts'
import type { StateFold } from './state-fold.ts'

export interface RepositoryOptions {
  readonly store: EventStore
  /** Where snapshots are kept, e.g. `postgresSnapshotStore({ database })`. Default: nowhere, loads fold all events. */
  readonly snapshots?: SnapshotStore | undefined
  /** When they are taken, of aggregates that do not say so themselves. Default: `everyEvents(100)`. */
  readonly snapshotPolicy?: SnapshotPolicy | undefined
  /** How many are kept of each stream, so that states of the past find one, too. Default 3. */
  readonly keepSnapshots?: number | undefined
  /** Told what goes wrong with snapshots. Default: warnings of the process (`process.on('warning', ...)`). */
  readonly logger?: Logger | undefined
  /** How often a command is decided again when another writer was first. Default 3, with jittered pauses. */
  readonly conflictRetries?: number | undefined
  /** Makes ids of events, and correlation ids where the caller gives none: UUIDs. Default: version 7. */
  readonly newId?: (() => string) | undefined
}

export interface ExecuteOptions {
  /**
   * Goes into each event's metadata; `correlationId` (default: a new id) and `causationId` (default: the command's id, else the correlation id)
   * are always there.
   */
  readonly metadata?: EventMetadata | undefined
  /** Names this command: a second `execute` with it on the same aggregate is answered with the first outcome. 1 to 255 characters. */
  readonly commandId?: string | undefined
  /** Ends the waiting, as it does for `EventStore.append`. */
  readonly signal?: AbortSignal | undefined
}

export interface Loaded<State> {
  readonly state: State
  /** Version of the stream; of a moment in the past: of the last event that belongs to it. 0 = none. */
  readonly version: number
  /** Position of that event; undefined when there is none. */
  readonly position: GlobalPosition | undefined
}

export interface Executed<State, Event> extends Loaded<State> {
  /** The events that the command led to. */
  readonly events: readonly Event[]
  /** The command was executed before: this is its first outcome, and nothing was written now. */
  readonly isRepeated: boolean
}

/** Loads aggregates, decides commands and appends what follows, under optimistic concurrency. */
export class Repository {
  readonly #store: EventStore
  readonly #conflictRetries: number
  readonly #newId: () => string
  readonly #snapshots: Snapshots | undefined
  readonly #loader: AggregateLoader

  /** @throws {TypeError} `conflictRetries` or `keepSnapshots` is no such number. */
  constructor(options: RepositoryOptions) {
    const { store, snapshots, conflictRetries = 3, newId = anyId } = options
    const { snapshotPolicy: policy = everyEvents(100), keepSnapshots: keep = 3 } = options
    checkKeep('keepSnapshots is', keep)
    if (!Number.isInteger(conflictRetries) || conflictRetries < 0)
      throw new TypeError(`conflictRetries is ${conflictRetries}. Use a whole number from 0.`)
    this.#store = store
    this.#conflictRetries = conflictRetries
    this.#newId = newId
    this.#snapshots =
      snapshots &&
      new Snapshots({ store: snapshots, policy, keep, logger: options.logger ?? warningLogger })
    this.#loader = new AggregateLoader(store, this.#snapshots)
  }

  /**
   * Loads an aggregate, decides a command, and appends the events at the version it loaded: all of them or none. When another writer was first,
   * it loads and decides again.
   *
   * A command that decides no events leaves no trace, and is decided again when it is repeated.
   *
   * ```ts
   * const { state } = await repository.execute(account, '42', { type: 'Deposit', cents: 100 }, { commandId })
   * ```
   *
   * @throws the domain's own errors, untouched.
   * @throws {WrongExpectedVersionError} other writers were first, more often than `conflictRetries`.
   * @throws as `EventStore.append` and `EventReader.readStream` do.
   */
  async execute<State, Commands, D extends EventDefinitions>(
    aggregate: Aggregate<State, Commands, D>,
    id: string,
    command: CommandOf<NoInfer<Commands>>,
    options: ExecuteOptions = {},
  ): Promise<Executed<State, RecordedOf<D>>> {
    const stream = streamId(aggregate.events.category, id)
    const { commandId, signal } = options
    const metadata = this.#metadata(options)
    const conflicts = new WeakSet()
    const attempt = async (): Promise<Executed<State, RecordedOf<D>>> => {
      const found =
        commandId === undefined
          ? undefined
          : await this.#store.findCommand(stream, commandId, { signal })
      if (found !== undefined) return this.#firstOutcome(aggregate, stream, found, options)
      const loaded = await this.#loader.load(aggregate, stream, { signal })
      const decided = decide(aggregate, loaded.state, command)
      if (decided.length === 0) return { ...currentOf(loaded), events: [], isRepeated: false }
      const events = decided.map((event) => ({
        ...event,
        id: event.id ?? this.#newId(),
        metadata: { ...metadata, ...event.metadata },
      }))
      // Folded before it is appended: an event that its own aggregate cannot fold must not get into the log.
      const state = events.reduce(
        (before, event) => evolve(aggregate, before, event as EventsOf<D>),
        loaded.state,
      )
      try {
        const result = await this.#store.append(stream, events, {
          expectedVersion: loaded.streamVersion,
          commandId,
          signal,
        })
        const { positions, recordedAt = new Date() } = result
        const recorded = events.map((event, index) => {
          const version = loaded.streamVersion + index + 1
          const position = positions[index] as GlobalPosition
          return recordedOf(aggregate, event, { streamId: stream, version, position, recordedAt })
        })
        this.#considerSnapshot(aggregate, loaded, { state, recorded })
        return {
          state,
          version: result.version,
          position: result.position,
          events: recorded,
          isRepeated: false,
        }
      } catch (error) {
        if (isConflict(error)) conflicts.add(error)
        if (isRepetition(error)) return this.#firstOutcome(aggregate, stream, error, options)
        throw error
      }
    }
    return retry(
      handleWhen((error) => conflicts.has(error)),
      {
        maxAttempts: this.#conflictRetries,
        backoff: new ExponentialBackoff({ initialDelay: 5, maxDelay: 250 }),
      },
    ).execute(attempt)
  }

  /**
   * Loads the state of an aggregate: now, or at a moment in the past.
   *
   * At a time the events are filtered first and then folded in version order, so an event recorded or dated later never counts, wherever it stands. It begins
   * with the newest snapshot that holds nothing later.
   *
   * @throws {VersionNotReachedError} `atVersion` is beyond the stream's last event.
   * @throws {InvalidVersionError} `atVersion` is negative or fractional.
   */
  async load<State, Commands, D extends EventDefinitions>(
    aggregate: Aggregate<State, Commands, D>,
    id: string,
    moment?: AggregateMoment,
    { signal }: CallOptions = {},
  ): Promise<Loaded<State>> {
    const stream = streamId(aggregate.events.category, id)
    const loaded = await this.#loader.load(aggregate, stream, { moment, signal })
    if (moment !== undefined) return momentOf(loaded)
    if (loaded.hasUselessSnapshot) this.#snapshots?.consider(aggregate, loaded)
    return currentOf(loaded)
  }

  /**
   * Replays the life of an aggregate: each event with the state after it, in version order, page by page. It begins with the nearest snapshot before `fromVersion`.
   *
   * @param range.fromVersion first version to give, inclusive; what lies before it counts all the same. Default 1.
   * @param range.toVersion last version to give, inclusive. Default: the last event.
   * @throws {InvalidVersionError} a bound is negative or fractional.
   */
  history<State, Commands, D extends EventDefinitions>(
    aggregate: Aggregate<State, Commands, D>,
    id: string,
    range: {
      readonly fromVersion?: number | undefined
      readonly toVersion?: number | undefined
      readonly signal?: AbortSignal | undefined
    } = {},
  ): AsyncGenerator<{ readonly state: State; readonly event: RecordedOf<D> }> {
    const { fromVersion = 1, toVersion, signal } = range
    const stream = streamId(aggregate.events.category, id)
    return this.#loader.history(aggregate, stream, { fromVersion, toVersion, signal })
  }

  /**
   * Folds streams from their first events and compares what comes out with their snapshots: shows a reducer that was changed without a new `stateVersion`, and one
   * that depends on more than its events. Reads all events of the streams that have snapshots; nothing is changed.
   *
   * @param id of one aggregate. Default: all of the category.
   * @throws {TypeError} the repository keeps no snapshots.
   * @throws {SnapshotStateError} a state does not come back from JSON as it was.
   */
  async audit<State, Commands, D extends EventDefinitions>(
    aggregate: Aggregate<State, Commands, D>,
    id?: string,
    { signal }: CallOptions = {},
  ): Promise<SnapshotAudit> {
    if (this.#snapshots === undefined)
      throw new TypeError('This repository keeps no snapshots. Give it some: { snapshots: ... }.')
    const { category } = aggregate.events
    const audited = { store: this.#store, snapshots: this.#snapshots, signal }
    return id === undefined
      ? auditAll(aggregate, audited)
      : auditStreams(aggregate, [streamId(category, id)], audited)
  }

  /** Waits until the snapshots that are being taken are kept, or have failed: before a process ends, and in tests. */
  async idle({ signal }: CallOptions = {}): Promise<void> {
    if (this.#snapshots !== undefined) await unlessAborted(this.#snapshots.idle(), signal)
  }

  /** What became of snapshots since this repository was made. */
  get snapshotCounts(): SnapshotCounts {
    return this.#snapshots?.counts ?? { taken: 0, failed: 0, skipped: 0, used: 0, ignored: 0 }
  }

  #considerSnapshot<State, Commands, D extends EventDefinitions>(
    aggregate: Aggregate<State, Commands, D>,
    loaded: StateFold<State>,
    { state, recorded }: { readonly state: State; readonly recorded: readonly RecordedEvent[] },
  ): void {
    const last = recorded.at(-1)
    if (this.#snapshots === undefined || last === undefined) return
    for (const event of recorded) loaded.addTimes(event)
    const { streamId, snapshotVersion, recordedAtMs, occurredAtMs } = loaded
    const { version, position, id: eventId } = last
    const times = { snapshotVersion, recordedAtMs, occurredAtMs }
    this.#snapshots.consider(aggregate, { streamId, state, version, position, eventId, ...times })
  }

  async #firstOutcome<State, Commands, D extends EventDefinitions>(
    aggregate: Aggregate<State, Commands, D>,
    stream: StreamId,
    { version, position }: CommandOutcome,
    { commandId, signal }: ExecuteOptions,
  ): Promise<Executed<State, RecordedOf<D>>> {
    let state = aggregate.initialState()
    const events: RecordedOf<D>[] = []
    for await (const page of this.#store.readStream(stream, { toVersion: version, signal }))
      for (const recorded of page.events) {
        const event = recorded as RecordedOf<D>
        state = evolve(aggregate, state, event)
        if (event.metadata['commandId'] === commandId) events.push(event)
      }
    return { state, version, position, events, isRepeated: true }
  }

  #metadata({ metadata = {}, commandId }: ExecuteOptions): EventMetadata {
    const correlationId = metadata['correlationId'] ?? this.#newId()
    const causationId = metadata['causationId'] ?? commandId ?? correlationId
    return {
      ...metadata,
      correlationId,
      causationId,
      ...(commandId === undefined ? {} : { commandId }),
    }
  }
}

/** As it is now. */
function currentOf<State>(loaded: StateFold<State>): Loaded<State> {
  return { state: loaded.state, version: loaded.streamVersion, position: loaded.position }
}

/** As it was at the moment for which it was loaded. */
function momentOf<State>(loaded: StateFold<State>): Loaded<State> {
  return { state: loaded.state, version: loaded.version, position: loaded.position }
}

/** Told by their codes, so that errors of another copy of the package count, too. */
function isConflict(error: unknown): error is WrongExpectedVersionError {
  const code: WrongExpectedVersionError['code'] = 'WRONG_EXPECTED_VERSION'
  return EverfoldError.is(error) && error.code === code
}

function isRepetition(error: unknown): error is CommandRepeatedError {
  const code: CommandRepeatedError['code'] = 'COMMAND_REPEATED'
  return EverfoldError.is(error) && error.code === code
}
