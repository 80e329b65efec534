import { retiredEvents, type AnyEventCatalog } from './event-catalog.ts'
import type { RecordedEvent } from './recorded-event.ts'

/** Finds events of the types that a reader asks for, also those that were stored under names which are retired. */
export class TypeFilter {
  /** What a storage is asked for; undefined: all. */
  readonly stored: readonly string[] | undefined
  readonly #wanted: ReadonlySet<string> | undefined

  constructor(catalogs: Iterable<AnyEventCatalog>, { types, categories }: Asked) {
    const read = [...catalogs].filter(
      ({ category }) => categories === undefined || categories.includes(category),
    )
    const names = types && read.flatMap((catalog) => namesOf(catalog, types))
    this.stored = names && [...new Set([...types, ...names])]
    const hasRetired = read.some((catalog) =>
      types?.some((type) => retiredEvents(catalog).has(type)),
    )
    this.#wanted = (names?.length ?? 0) > 0 || hasRetired ? new Set(types) : undefined
  }

  /** Leaves out what the storage gave for its stored name only. */
  pick(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
    const wanted = this.#wanted
    return wanted === undefined ? events : events.filter(({ type }) => wanted.has(type))
  }
}

interface Asked {
  readonly types?: readonly string[] | undefined
  readonly categories?: readonly string[] | undefined
}

/** The retired names of a catalog that can stand for one of the types. What a step gives is not known before it runs. */
function namesOf(catalog: AnyEventCatalog, types: readonly string[]): readonly string[] {
  return [...retiredEvents(catalog)]
    .filter(([, retired]) => 'parts' in retired || types.includes(retired.renamedTo))
    .map(([name]) => name)
}
