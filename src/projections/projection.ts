import type { AnyEventCatalog } from '../event-store/event-catalog.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { checkDefinition, type Definition, type RecordedIn } from './definition.ts'

/** A pure fold from events to documents, run into any sink. */
export interface Projection<Document, Event extends RecordedEvent> extends Definition<Event> {
  /** Names it in sinks, logs and errors. */
  readonly name: string
  /** Raise it when rows, keys or documents change: the read model is then built anew beside the live one. From 1. */
  readonly version: number
  /** The catalogs of its events. */
  readonly events: AnyEventCatalog | readonly AnyEventCatalog[]
  /**
   * The keys of the documents that an event changes; null: none. Default: the event's stream id. Its text is part of the fingerprint: another one under
   * the same version is refused, also when only a minifier has changed it.
   */
  readonly key?: ((event: Event) => string | readonly string[] | null) | undefined
  /** A document before its first event. */
  readonly initialDocument: (key: string) => Document
  /** A row per event type that matters: the next document, or null to delete it. Documents are JSON values and frozen: return a new one. */
  readonly on: {
    readonly [T in Event['type']]?: (
      document: Document,
      event: Extract<Event, { readonly type: T }>,
    ) => NoInfer<Document> | null
  }
}

/**
 * Declares a projection. State the document's type at `initialDocument`: without it, `0` would be the type 0.
 *
 * ```ts
 * const accountBalances = defineProjection({
 *   name: 'account-balances',
 *   version: 1,
 *   events: accountEvents,
 *   initialDocument: (): Balance => ({ cents: 0 }),
 *   on: { MoneyDeposited: (balance, { data }) => ({ cents: balance.cents + data.cents }), AccountClosed: () => null },
 * })
 * ```
 *
 * @throws {TypeError} the name is empty, the version is no whole number from 1, there is no row, or a row names an event that no catalog declares.
 */
export function defineProjection<
  const Document,
  const C extends AnyEventCatalog | readonly AnyEventCatalog[],
>(
  projection: { readonly events: C } & Omit<Projection<Document, RecordedIn<C>>, 'events'>,
): Projection<Document, RecordedIn<C>> {
  checkDefinition('Projection', projection)
  return projection
}
