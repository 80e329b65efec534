import type { LogRange } from '../../../event-store/event-storage.ts'
import { categoryOf, type StreamId } from '../../../event-store/stream-id.ts'
import type { KurrentFilter, KurrentRecordedEvent } from '../client/kurrent-client.ts'

/** What a page of the log is to hold: what the server can tell by prefixes, it does; the rest is told here. */
export interface LogFilter {
  /** Undefined: nothing can match. */
  readonly prefixes:
    { readonly filterOn: KurrentFilter['filterOn']; readonly prefixes: string[] } | undefined
  matches(event: KurrentRecordedEvent): boolean
}

/** Makes the filter of a range. The server looks at stream names or at types, not at both: of two filters it gets the categories. */
export function logFilter({
  types,
  categories,
}: Pick<LogRange, 'types' | 'categories'>): LogFilter {
  const typeSet = types && new Set(types)
  const categorySet = categories && new Set(categories)
  return {
    prefixes: prefixesOf({ types, categories }),
    // A prefix fits longer names, too.
    matches: ({ type, streamId }) =>
      (typeSet === undefined || typeSet.has(type)) &&
      (categorySet === undefined || categorySet.has(categoryOf(streamId as StreamId))),
  }
}

function prefixesOf({
  types = [],
  categories,
}: Pick<LogRange, 'types' | 'categories'>): LogFilter['prefixes'] {
  const [filterOn, names] =
    categories === undefined
      ? (['eventType', types] as const)
      : (['streamName', categories.filter(isName).map((category) => `${category}-`)] as const)
  const prefixes = names.filter(isName)
  return prefixes.length === 0 ? undefined : { filterOn, prefixes }
}

/** An empty prefix would fit everything; names with `$` are the server's. */
function isName(name: string): boolean {
  return name !== '' && !name.startsWith('$') && name.isWellFormed()
}
