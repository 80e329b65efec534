import {
  declaredEvents,
  type AnyEventCatalog,
  type EventCatalog,
  type RecordedOf,
} from '../event-store/event-catalog.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import type { ReadModel } from './read-model.ts'

/** A pure fold from events to documents, run into any sink. */
export interface Projection<Document, Event extends RecordedEvent> {
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

/** A projection and the read model that it fills; made by `project(projection).into(readModel)`. */
export interface Registration {
  /** The projection's name. */
  readonly name: string
  /** Hands both to a function that knows their types belong together. */
  readonly use: <Result>(
    user: <Document, Event extends RecordedEvent>(
      projection: Projection<Document, Event>,
      readModel: ReadModel<Document>,
    ) => Result,
  ) => Result
}

type RecordedIn<C> = C extends readonly (infer One)[]
  ? RecordedIn<One>
  : C extends EventCatalog<infer D>
    ? RecordedOf<D>
    : never

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
  const { name, version, on } = projection
  if (name === '') throw new TypeError('A projection needs a name, e.g. account-balances.')
  if (!Number.isInteger(version) || version < 1)
    throw new TypeError(
      `Version ${version} of projection '${name}' is none. Use a whole number from 1.`,
    )
  const rows = Object.keys(on)
  if (rows.length === 0)
    throw new TypeError(`Projection '${name}' has no row in 'on': it would fold nothing.`)
  const declared = new Set(
    catalogsOf(projection).flatMap((catalog) => [...declaredEvents(catalog).keys()]),
  )
  const unknown = rows.filter((type) => !declared.has(type))
  if (unknown.length > 0)
    throw new TypeError(
      `Projection '${name}' has rows for ${unknown.join(', ')}, which none of its catalogs declares.`,
    )
  return projection
}

/**
 * Says which read model a projection fills.
 *
 * ```ts
 * new ProjectionRunner({ store, projections: [project(accountBalances).into(balances)] })
 * ```
 */
export function project<Document, Event extends RecordedEvent>(
  projection: Projection<Document, Event>,
): { into(readModel: ReadModel<Document>): Registration } {
  return {
    into: (readModel) => ({ name: projection.name, use: (user) => user(projection, readModel) }),
  }
}

/** The catalogs of a projection, as a list. */
export function catalogsOf({
  events,
}: {
  readonly events: AnyEventCatalog | readonly AnyEventCatalog[]
}): readonly AnyEventCatalog[] {
  return 'category' in events ? [events] : events
}
