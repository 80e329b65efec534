import type { DomainEvent } from '../event-store/domain-event.ts'
import {
  declaredEvents,
  type EventCatalog,
  type EventDefinitions,
  type EventsOf,
  type RecordedOf,
} from '../event-store/event-catalog.ts'
import { checkSnapshotted, type SnapshotSettings } from '../snapshots/snapshotted.ts'
import type { Folding } from './state-fold.ts'

/** A decision model: which events follow from a command, and what state follows from events. Pure. */
export interface Aggregate<State, Commands, D extends EventDefinitions> {
  /** The events of its streams; their category names the streams. */
  readonly events: EventCatalog<D>
  /** State of a stream that is not written yet. */
  readonly initialState: () => State
  /**
   * A row per command: the events that follow from it, none if nothing is to happen. It refuses a command by throwing an error of the
   * domain, which reaches the caller untouched and is never retried. May run again on a newer state when another writer was first.
   */
  readonly decide: {
    readonly [T in keyof Commands]: (state: State, command: Commands[T]) => readonly EventsOf<D>[]
  }
  /** A row per event type: the next state. Sees stored events and ones just decided. */
  readonly evolve: {
    readonly [T in keyof D & string]: (
      state: State,
      event: Extract<EventsOf<D>, DomainEvent<T>>,
    ) => NoInfer<State>
  }
  /**
   * Version of `State` and of what `evolve` makes of events, from 1. Raise it with every change that makes another state of the same events: snapshots of other
   * versions are ignored. Default 1.
   */
  readonly stateVersion?: number | undefined
  /** How snapshots of it are taken, where the repository keeps any. */
  readonly snapshot?: SnapshotSettings<NoInfer<State>> | undefined
}

/** The commands that an aggregate takes: `{ type, ...payload }`, the payload inferred from its `decide` rows. */
export type CommandOf<Commands> = {
  [T in keyof Commands & string]: { readonly type: T } & (unknown extends Commands[T]
    ? unknown
    : Commands[T])
}[keyof Commands & string]

/**
 * Declares an aggregate. A missing `evolve` row does not compile. State its type at `initialState`: without it, `0` would be the type 0.
 *
 * ```ts
 * const account = defineAggregate({
 *   events: accountEvents,
 *   initialState: (): Account => ({ cents: 0 }),
 *   decide: { Deposit: (_state, { cents }: { cents: number }) => [accountEvents.MoneyDeposited({ cents })] },
 *   evolve: { MoneyDeposited: (state, { data }) => ({ cents: state.cents + data.cents }) },
 * })
 * ```
 *
 * @throws {TypeError} an event type of the catalog has no `evolve` row (only reachable past the compiler); a number in `stateVersion` or
 * `snapshot` is unusable, or one of `toJson` and `fromJson` is missing.
 */
export function defineAggregate<const State, Commands, D extends EventDefinitions>(
  aggregate: Aggregate<State, Commands, D>,
): Aggregate<State, Commands, D> {
  const missing = [...declaredEvents(aggregate.events).keys()].filter(
    (type) => !Object.hasOwn(aggregate.evolve, type),
  )
  if (missing.length > 0)
    throw new TypeError(
      `Aggregate '${aggregate.events.category}' has no evolve row for ${missing.join(', ')}. Add one for each.`,
    )
  checkSnapshotted(aggregate)
  return aggregate
}

/** Decides a command on a state. */
export function decide<State, Commands, D extends EventDefinitions>(
  aggregate: Aggregate<State, Commands, D>,
  state: State,
  command: CommandOf<NoInfer<Commands>>,
): readonly EventsOf<D>[] {
  const rows = aggregate.decide as Readonly<
    Record<string, (state: State, command: unknown) => unknown>
  >
  const row = Object.hasOwn(rows, command.type) ? rows[command.type] : undefined
  if (row === undefined)
    throw new TypeError(
      `Aggregate '${aggregate.events.category}' takes no command '${command.type}'. It takes ${Object.keys(rows).join(', ')}.`,
    )
  const events = row(state, command)
  if (!Array.isArray(events))
    throw new TypeError(
      `decide.${command.type} of '${aggregate.events.category}' must return a list of events, synchronously.`,
    )
  return events as readonly EventsOf<D>[]
}

/** Folds one event into a state. */
export function evolve<State, Commands, D extends EventDefinitions>(
  aggregate: Aggregate<State, Commands, D>,
  state: State,
  event: EventsOf<D> | RecordedOf<D>,
): State {
  const rows = aggregate.evolve as Readonly<Record<string, (state: State, event: unknown) => State>>
  const row = rows[event.type]
  if (row === undefined)
    throw new TypeError(
      `Aggregate '${aggregate.events.category}' has no evolve row for '${event.type}'.`,
    )
  return row(state, event)
}

/** How an aggregate folds recorded events, of whichever types its catalog declares. */
export function foldingOf<State, Commands, D extends EventDefinitions>(
  aggregate: Aggregate<State, Commands, D>,
): Folding<State> {
  return {
    initialState: aggregate.initialState,
    evolve: (state, event) => evolve(aggregate, state, event as RecordedOf<D>),
  }
}
