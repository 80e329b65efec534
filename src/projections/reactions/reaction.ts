import type { AnyEventCatalog } from '../../event-store/event-catalog.ts'
import type { Checkpoint } from '../../event-store/checkpoint.ts'
import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import { checkDefinition, type Definition, type RecordedIn } from '../definition.ts'

/** A side effect of events: a mail, a command, a call of another service. */
export interface Reaction<Event extends RecordedEvent> extends Definition<Event> {
  /** Names it in its checkpoints, in logs and errors, and in idempotency keys: never change it. */
  readonly name: string
  /**
   * Raise it when event types are added or removed, or the key function changes. Code of a higher version takes the checkpoints over: it goes on where the
   * lower one was, which stops.
   */
  readonly version: number
  /** The catalogs of its events. */
  readonly events: AnyEventCatalog | readonly AnyEventCatalog[]
  /** Events of one key come one after the other, in the order of the log; null: it is none of its events. Default: the event's stream id. */
  readonly key?: ((event: Event) => string | null) | undefined
  /** Where it begins when it has no checkpoint yet. Decided once, and kept. */
  readonly startAt: ReactionStart
  /** A row per event type that matters. */
  readonly on: {
    readonly [T in Event['type']]?: (
      event: Extract<Event, { readonly type: T }>,
      context: ReactionContext,
    ) => Promise<void> | void
  }
}

/** `'beginning'`: all events of the log. `'end'`: those appended after a runner first started it. `after`: those after an event of the log. */
export type ReactionStart = 'beginning' | 'end' | { readonly after: Checkpoint }

export interface ReactionContext {
  /** The same whenever this reaction runs for this event, 32 hexadecimal digits: for others to recognise what they did already. */
  readonly idempotencyKey: string
  /** Counts from 1 how often it runs for this event in a row. */
  readonly attempt: number
  /** Aborted when another runner has taken the events over: break off. Not when the runner stops, which waits for what is in hand. */
  readonly signal: AbortSignal
}

/**
 * Declares a reaction. It runs at least once for each event: again when its runner crashed before it noted that, so let others recognise the idempotency key.
 * A rebuild never runs it.
 *
 * An error marked `retryable: true` (as Everfold's are where it helps) is tried again with growing pauses, for ever. Any other one follows `onFailure`.
 *
 * ```ts
 * const sendReceipts = defineReaction({
 *   name: 'send-receipts',
 *   events: orderEvents,
 *   startAt: 'end',
 *   on: { OrderPaid: async ({ data }, { idempotencyKey }) => mailer.send(data.email, { idempotencyKey }) },
 * })
 * ```
 *
 * @param reaction.version Default 1.
 * @throws {TypeError} the name is empty, the version is no whole number from 1, there is no row, or a row names an event that no catalog declares.
 */
export function defineReaction<const C extends AnyEventCatalog | readonly AnyEventCatalog[]>(
  reaction: { readonly events: C; readonly version?: number } & Omit<
    Reaction<RecordedIn<C>>,
    'events' | 'version'
  >,
): Reaction<RecordedIn<C>> {
  const { version = 1 } = reaction
  const declared = { ...reaction, version }
  checkDefinition('Reaction', declared)
  return declared
}
