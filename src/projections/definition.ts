import {
  declaredEvents,
  type AnyEventCatalog,
  type EventCatalog,
  type RecordedOf,
} from '../event-store/event-catalog.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'

/** What projections and reactions have in common: which events matter to them, and under which keys. */
export interface Definition<Event extends RecordedEvent> {
  readonly name: string
  readonly version: number
  readonly events: AnyEventCatalog | readonly AnyEventCatalog[]
  readonly key?: ((event: Event) => string | readonly string[] | null) | undefined
  /** Has a row per event type that matters. */
  readonly on: object
  /** What else tells it apart from others under its version, e.g. how its tables are made. */
  readonly shape?: string | undefined
}

/** The events of one catalog or several, as a store gives them. */
export type RecordedIn<Catalogs> = Catalogs extends readonly (infer One)[]
  ? RecordedIn<One>
  : Catalogs extends EventCatalog<infer Definitions>
    ? RecordedOf<Definitions>
    : never

/**
 * @param what e.g. `'Projection'`.
 * @throws {TypeError} the name is empty, the version is no whole number from 1, there is no event type, or one that no catalog declares.
 */
export function checkDefinition(
  what: string,
  definition: Omit<Definition<RecordedEvent>, 'key'>,
): void {
  const { name, version, on } = definition
  if (name === '') throw new TypeError(`${what} without a name: give it one.`)
  if (!Number.isInteger(version) || version < 1)
    throw new TypeError(`${what} '${name}' has version ${version}. Use a whole number from 1.`)
  const rows = Object.keys(on)
  if (rows.length === 0)
    throw new TypeError(`${what} '${name}' names no event type: it would do nothing.`)
  const declared = new Set(
    catalogsOf(definition).flatMap((catalog) => [...declaredEvents(catalog).keys()]),
  )
  const unknown = rows.filter((type) => !declared.has(type))
  if (unknown.length > 0)
    throw new TypeError(
      `${what} '${name}' names ${unknown.join(', ')}, which none of its catalogs declares.`,
    )
}

/** The catalogs of a definition, as a list. */
export function catalogsOf({
  events,
}: Pick<Definition<RecordedEvent>, 'events'>): readonly AnyEventCatalog[] {
  return 'category' in events ? [events] : events
}
