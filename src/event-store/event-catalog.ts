import { PartsOfRetired, type RetiredEvent, type Retirement } from '../upcasters/retired-event.ts'
import { UpcasterChain } from '../upcasters/upcaster-chain.ts'
import type { DomainEvent } from './domain-event.ts'
import type { EventDefinition } from './event-definition.ts'
import type { RecordedEvent } from './recorded-event.ts'
import { upcastStored, type DeclaredEvent } from './upcast-event.ts'

export type EventDefinitions = Readonly<Record<string, EventDefinition<unknown>>>
type DataOf<Definition> = Definition extends EventDefinition<infer Data> ? Data : never

/** The events of a catalog, as decided. */
export type EventsOf<D extends EventDefinitions> = {
  [T in keyof D & string]: DomainEvent<T, DataOf<D[T]>>
}[keyof D & string]

/** The events of a catalog, as recorded and upcast. */
export type RecordedOf<D extends EventDefinitions> = {
  [T in keyof D & string]: RecordedEvent<T, DataOf<D[T]>>
}[keyof D & string]

/** Where a catalog keeps its declarations; a registered symbol, so that no event type can clash with it. */
const DECLARED: unique symbol = Symbol.for('everfold.declaredEvents')

/** Where it keeps the types that are retired. */
const RETIRED: unique symbol = Symbol.for('everfold.retiredEvents')

/** Any catalog, whatever its events. */
export interface AnyEventCatalog {
  /** The category of the streams that hold these events. */
  readonly category: string
  readonly [DECLARED]: ReadonlyMap<string, DeclaredEvent>
  readonly [RETIRED]: ReadonlyMap<string, RetiredEvent>
}

/** What a step of a retired type may give: an event of the catalog, its data in the current shape. */
export type PartOf<D extends EventDefinitions> = {
  [T in keyof D & string]: { readonly type: T; readonly data: DataOf<D[T]> }
}[keyof D & string]

export interface CatalogOptions<D extends EventDefinitions> {
  /**
   * What became of types that are stored in the category's streams, and are declared no more. The name of a declared type: it was renamed, and its data goes on as
   * that type's, at the schema version with which it was stored. Else a step for each of its schema versions, which gives the events that it means today, of
   * declared types and in their current shapes, or `drop`.
   *
   * ```ts
   * { retired: {
   *   MoneyPaidIn: 'MoneyDeposited',
   *   MoneyMoved: { 1: (old: { cents: number; fee: number }) => [
   *     { type: 'MoneyWithdrawn', data: { cents: old.cents } },
   *     { type: 'FeeCharged', data: { cents: old.fee } },
   *   ] },
   *   PageViewed: { 1: () => drop },
   * } }
   * ```
   */
  readonly retired?: Readonly<Record<string, Retirement<PartOf<D>>>> | undefined
}

/**
 * The events of one category: a function for each type that makes such an event, and the upcasters that carry stored ones on.
 * Made by `defineEvents`.
 */
export type EventCatalog<D extends EventDefinitions> = AnyEventCatalog & {
  readonly [T in keyof D & string]: (
    data: DataOf<D[T]>,
    options?: Pick<DomainEvent, 'id' | 'occurredAt' | 'metadata'>,
  ) => DomainEvent<T, DataOf<D[T]>>
} & {
  /**
   * Carries a stored event to what it means today: mostly itself, its data in the current shape; where its type was retired, one event, several, or none.
   * Stores do this on every read; it is public for tools and tests.
   *
   * @throws {UnknownEventTypeError} the catalog does not declare its type.
   * @throws {NewerSchemaVersionError} newer code stored it.
   * @throws {UpcastFailedError} an upcaster threw, or gave what it may not.
   */
  upcast(stored: RecordedEvent): readonly RecordedOf<D>[]
}

/**
 * Declares the events of a category, once: type, current shape, upcasters of earlier shapes, validator, types that are retired. All else infers from it.
 *
 * ```ts
 * const accountEvents = defineEvents('account', {
 *   AccountOpened: event<{ owner: string }>(),
 *   MoneyDeposited: event<{ cents: number }>(),
 * })
 * accountEvents.MoneyDeposited({ cents: 100 })  // { type: 'MoneyDeposited', data: { cents: 100 } }
 * ```
 *
 * @throws {TypeError} the category is empty or holds a `-`, or an upcaster step is missing, a retired type is declared
 * as well, or was renamed to a type that is not.
 */
export function defineEvents<const D extends EventDefinitions>(
  category: string,
  events: D & { readonly [Name in 'category' | 'upcast']?: 'reserved: choose another event type' },
  options: CatalogOptions<NoInfer<D>> = {},
): EventCatalog<D> {
  if (category === '' || category.includes('-'))
    throw new TypeError(`'${category}' is no category: use a name without '-', e.g. 'account'.`)
  const declared = new Map(
    Object.entries<EventDefinition<unknown>>(events).map(([type, definition]) => [
      checkType(type),
      { chain: new UpcasterChain(type, definition), schema: definition.schema },
    ]),
  )
  const retired = new Map(
    Object.entries<Retirement>(options.retired ?? {}).map(([type, retirement]) => [
      checkType(type),
      retiredEvent(category, { type, retirement, declared }),
    ]),
  )
  const makers = [...declared.keys()].map((type) => [type, maker(type)] as const)
  const catalog: AnyEventCatalog = { category, [DECLARED]: declared, [RETIRED]: retired }
  const upcast = (stored: RecordedEvent): readonly RecordedEvent[] => upcastEvent(catalog, stored)
  return Object.freeze({
    ...Object.fromEntries(makers),
    upcast,
    ...catalog,
  }) as unknown as EventCatalog<D>
}

/** What a catalog declares, by event type. */
export function declaredEvents(catalog: AnyEventCatalog): ReadonlyMap<string, DeclaredEvent> {
  return catalog[DECLARED]
}

/** The types that are stored in streams of a catalog's category, and that it declares no more. */
export function retiredEvents(catalog: AnyEventCatalog): ReadonlyMap<string, RetiredEvent> {
  return catalog[RETIRED]
}

/** Carries one stored event to what it means today; throws as `EventCatalog.upcast` does. */
export function upcastEvent(
  catalog: AnyEventCatalog,
  stored: RecordedEvent,
): readonly RecordedEvent[] {
  return upcastStored({ declared: catalog[DECLARED], retired: catalog[RETIRED] }, stored)
}

function maker(type: string) {
  return (
    data: unknown,
    options: Pick<DomainEvent, 'id' | 'occurredAt' | 'metadata'> = {},
  ): DomainEvent => {
    // Named first, members get a place that the engine knows: appends of small events take two thirds of the time.
    const event = { type, data, ...options }
    return event.type === type && event.data === data ? event : { ...options, type, data }
  }
}

function checkType(type: string): string {
  if (type === '' || type === 'category' || type === 'upcast')
    throw new TypeError(
      `'${type}' cannot be an event type: 'category', 'upcast' and the empty name are reserved.`,
    )
  if (type.includes('\u0000') || !type.isWellFormed())
    throw new TypeError(
      `'${type}' cannot be an event type: it holds U+0000 or half of a surrogate pair.`,
    )
  return type
}

function retiredEvent(
  category: string,
  {
    type,
    retirement,
    declared,
  }: {
    readonly type: string
    readonly retirement: Retirement
    readonly declared: ReadonlyMap<string, DeclaredEvent>
  },
): RetiredEvent {
  if (declared.has(type))
    throw new TypeError(
      `'${category}' declares '${type}', and retires it as well. Give the newer event another name, or carry the older data on with upcast steps.`,
    )
  if (typeof retirement !== 'string') return { parts: new PartsOfRetired(type, retirement) }
  if (declared.has(retirement)) return { renamedTo: retirement }
  throw new TypeError(
    `'${category}' retires '${type}' as '${retirement}', which it does not declare. It declares ${[...declared.keys()].join(', ')}.`,
  )
}
