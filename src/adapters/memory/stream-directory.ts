import { categoryOf, type StreamId } from '../../event-store/stream-id.ts'

/** The streams of each category, in the order of their ids' UTF-8 bytes. Sorted when listed, not when written. */
export class StreamDirectory {
  readonly #categories = new Map<string, { readonly listings: Listing[]; isSorted: boolean }>()

  add(streamId: StreamId): void {
    const name = categoryOf(streamId)
    const category = this.#categories.get(name) ?? { listings: [], isSorted: true }
    category.listings.push(listingOf(streamId))
    category.isSorted = false
    this.#categories.set(name, category)
  }

  page(
    name: string,
    range: { readonly after: StreamId | undefined; readonly limit: number },
  ): readonly StreamId[] {
    const category = this.#categories.get(name)
    if (category === undefined) return []
    if (!category.isSorted) category.listings.sort(byBytes)
    category.isSorted = true
    const first = range.after === undefined ? 0 : firstAfter(category.listings, range.after)
    return category.listings.slice(first, first + range.limit).map(({ streamId }) => streamId)
  }
}

interface Listing {
  readonly streamId: StreamId
  readonly bytes: Buffer
}

const listingOf = (streamId: StreamId): Listing => ({ streamId, bytes: Buffer.from(streamId) })

const byBytes = (one: Listing, other: Listing): number => Buffer.compare(one.bytes, other.bytes)

/** Index of the first listing after a stream id, which need not be listed: binary search. */
function firstAfter(listings: readonly Listing[], streamId: StreamId): number {
  const sought = listingOf(streamId)
  let low = 0
  let high = listings.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (byBytes(listings[middle] as Listing, sought) > 0) high = middle
    else low = middle + 1
  }
  return low
}
