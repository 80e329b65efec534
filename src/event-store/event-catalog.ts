import type { StandardSchemaV1 } from '@standard-schema/spec'
import { UpcasterChain } from '../upcasters/upcaster-chain.ts'
import type { DomainEvent } from './domain-event.ts'
import type { EventDefinition } from './event-definition.ts'
import { NewerSchemaVersionError } from './newer-schema-version-error.ts'
import { DecodedEvent, type RecordedEvent } from './recorded-event.ts'
import { UnknownEventTypeError } from './unknown-event-type-error.ts'
import { UpcastFailedError } from './upcast-failed-error.ts'

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

/** What a catalog declares of one event type, with its upcaster chain built. */
export interface DeclaredEvent {
  readonly chain: UpcasterChain
  readonly schema: StandardSchemaV1 | undefined
}

/** Any catalog, whatever its events. */
export interface AnyEventCatalog {
  /** The category of the streams that hold these events. */
  readonly category: string
  readonly [DECLARED]: ReadonlyMap<string, DeclaredEvent>
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
   * Carries a stored event to the current shape of its data. Stores do this on every read; it is public for tools and tests.
   *
   * @throws {UnknownEventTypeError} the catalog does not declare its type.
   * @throws {NewerSchemaVersionError} newer code stored it.
   * @throws {UpcastFailedError} an upcaster threw.
   */
  upcast(stored: RecordedEvent): readonly RecordedOf<D>[]
}

/**
 * Declares the events of a category, once: type, current shape, upcasters of earlier shapes, validator. All else infers from it.
 *
 * ```ts
 * const accountEvents = defineEvents('account', {
 *   AccountOpened: event<{ owner: string }>(),
 *   MoneyDeposited: event<{ cents: number }>(),
 * })
 * accountEvents.MoneyDeposited({ cents: 100 })  // { type: 'MoneyDeposited', data: { cents: 100 } }
 * ```
 *
 * @throws {TypeError} the category is empty or holds a `-`, or an upcaster step is missing.
 */
export function defineEvents<const D extends EventDefinitions>(
  category: string,
  events: D & { readonly [Name in 'category' | 'upcast']?: 'reserved: choose another event type' },
): EventCatalog<D> {
  if (category === '' || category.includes('-'))
    throw new TypeError(`'${category}' is no category: use a name without '-', e.g. 'account'.`)
  const declared = new Map(
    Object.entries<EventDefinition<unknown>>(events).map(([type, definition]) => [
      checkType(type),
      { chain: new UpcasterChain(type, definition), schema: definition.schema },
    ]),
  )
  const makers = [...declared.keys()].map((type) => [type, maker(type)] as const)
  const catalog: AnyEventCatalog = { category, [DECLARED]: declared }
  const upcast = (stored: RecordedEvent): readonly RecordedEvent[] => [upcastEvent(catalog, stored)]
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

/** Carries one stored event to the current shape of its data; throws as `EventCatalog.upcast` does. */
export function upcastEvent(catalog: AnyEventCatalog, stored: RecordedEvent): RecordedEvent {
  const declared = catalog[DECLARED].get(stored.type)
  if (declared === undefined)
    throw new UnknownEventTypeError(stored.streamId, {
      ...pick(stored),
      known: [...catalog[DECLARED].keys()],
    })
  return upcastDeclared(declared, stored)
}

/** Carries a stored event of a declared type to the current shape of its data. */
export function upcastDeclared({ chain }: DeclaredEvent, stored: RecordedEvent): RecordedEvent {
  const known = chain.version
  if (stored.schemaVersion === known) return stored
  if (stored.schemaVersion > known)
    throw new NewerSchemaVersionError(stored, { stored: stored.schemaVersion, known })
  const data = upcastData(chain, stored)
  if (stored instanceof DecodedEvent) return stored.carriedTo(data, known)
  const { streamId, version, position, id, type, metadata, occurredAt, recordedAt } = stored
  return {
    streamId,
    version,
    position,
    id,
    type,
    data,
    schemaVersion: known,
    metadata,
    occurredAt,
    recordedAt,
  }
}

function upcastData(chain: UpcasterChain, stored: RecordedEvent): unknown {
  const { streamId, metadata, schemaVersion } = stored
  let data: unknown
  try {
    data = chain.apply(stored.data, schemaVersion, { streamId, metadata })
  } catch (cause) {
    throw new UpcastFailedError(stored, { cause })
  }
  if (data === undefined || data instanceof Promise)
    throw new UpcastFailedError(stored, {
      cause: new TypeError('An upcaster must return the next shape, synchronously.'),
    })
  return data
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

const pick = ({
  type,
  version,
}: RecordedEvent): { readonly type: string; readonly version: number } => ({ type, version })
