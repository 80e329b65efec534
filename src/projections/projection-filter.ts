import { createHash } from 'node:crypto'
import { declaredEvents } from '../event-store/event-catalog.ts'
import type { RecordedEvent } from '../event-store/recorded-event.ts'
import { categoryOf } from '../event-store/stream-id.ts'
import { catalogsOf, type Definition } from './definition.ts'

/** Which events of the log matter to a projection. */
export interface ProjectionFilter<Event extends RecordedEvent> {
  readonly types: readonly string[]
  readonly categories: readonly string[]
  /** Exact, where types and categories together can match too much: a type of the one catalog in a category of the other. */
  accepts(event: RecordedEvent): event is Event
}

export function filterOf<Event extends RecordedEvent>(
  definition: Definition<Event>,
): ProjectionFilter<Event> {
  const rows = Object.keys(definition.on)
  const byCategory = new Map(
    catalogsOf(definition).map((catalog) => [
      catalog.category,
      new Set(rows.filter((type) => declaredEvents(catalog).has(type))),
    ]),
  )
  const categories = [...byCategory]
    .filter(([, types]) => types.size > 0)
    .map(([category]) => category)
  return {
    types: rows,
    categories,
    accepts: (event): event is Event =>
      byCategory.get(categoryOf(event.streamId))?.has(event.type) === true,
  }
}

/** What a feed for several projections asks the log for: whatever any of them wants. */
export function unionOf(
  filters: readonly Pick<ProjectionFilter<RecordedEvent>, 'types' | 'categories'>[],
): Pick<ProjectionFilter<RecordedEvent>, 'types' | 'categories'> {
  return {
    types: [...new Set(filters.flatMap(({ types }) => types))],
    categories: [...new Set(filters.flatMap(({ categories }) => categories))],
  }
}

/**
 * Tells apart definitions of one projection under one version: event types, key function, shape and version. Not the rows, whose text changes
 * with every refactoring.
 */
export function fingerprintOf<Event extends RecordedEvent>(definition: Definition<Event>): string {
  const types = catalogsOf(definition).map(({ category }) => category)
  const key = definition.key?.toString().replaceAll(/\s+/g, ' ') ?? 'streamId'
  return createHash('sha256')
    .update(
      JSON.stringify([
        types.toSorted(),
        Object.keys(definition.on).toSorted(),
        key,
        definition.version,
        ...(definition.shape === undefined ? [] : [definition.shape]),
      ]),
    )
    .digest('hex')
    .slice(0, 32)
}
