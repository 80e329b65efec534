import type { Checkpoint } from '../../../event-store/checkpoint.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'
import { StoreRewoundError } from '../../../event-store/store-rewound-error.ts'
import type { LogSource } from './log-page.ts'
import { readFilteredPage } from './filtered-page.ts'

const PAGE = 10_000

/**
 * The streams of the categories that were asked for. The server lists none: a category's events are read once, and from then on only what was appended since.
 * Memory holds the names of its streams.
 */
export class CategoryDirectory {
  readonly #source: LogSource
  readonly #categories = new Map<string, Promise<Listing>>()

  constructor(source: LogSource) {
    this.#source = source
  }

  async page(
    category: string,
    { after, limit }: { readonly after: StreamId | undefined; readonly limit: number },
  ): Promise<readonly StreamId[]> {
    const listing = this.#update(category)
    const { names } = await listing
    const first = after === undefined ? 0 : firstAfter(names, after)
    return names.slice(first, first + limit).map(({ streamId }) => streamId)
  }

  /** One reading at a time: it goes on where the one before has ended. */
  #update(category: string): Promise<Listing> {
    const known = this.#categories.get(category) ?? Promise.resolve(NONE)
    const updated = known.catch(() => NONE).then((listing) => this.#read(category, listing))
    this.#categories.set(category, updated)
    updated.catch(() => undefined)
    return updated
  }

  async #read(category: string, listing: Listing): Promise<Listing> {
    try {
      return await this.#readOn(category, listing)
    } catch (error) {
      if (!(error instanceof StoreRewoundError)) throw error
      return await this.#readOn(category, NONE)
    }
  }

  async #readOn(category: string, { through, names }: Listing): Promise<Listing> {
    const found = new Map(names.map((name) => [name.streamId, name]))
    const before = found.size
    let after = through
    for (;;) {
      const range = {
        after,
        until: undefined,
        types: undefined,
        categories: [category],
        limit: PAGE,
      }
      const page = await readFilteredPage(this.#source, range)
      for (const { streamId } of page.events)
        if (!found.has(streamId)) found.set(streamId, nameOf(streamId))
      after = page.through
      if (page.isFull) continue
      const list = found.size === before ? names : [...found.values()].sort(byBytes)
      return { through: after, names: list }
    }
  }
}

interface Listing {
  readonly through: Checkpoint | undefined
  /** In the order of their UTF-8 bytes. */
  readonly names: readonly Name[]
}

interface Name {
  readonly streamId: StreamId
  readonly bytes: Buffer
}

const NONE: Listing = { through: undefined, names: [] }

const nameOf = (streamId: StreamId): Name => ({
  streamId,
  bytes: Buffer.from(streamId),
})

const byBytes = (one: Name, other: Name): number => Buffer.compare(one.bytes, other.bytes)

function firstAfter(names: readonly Name[], streamId: StreamId): number {
  const sought = Buffer.from(streamId)
  let low = 0
  let high = names.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (Buffer.compare((names[middle] as Name).bytes, sought) > 0) high = middle
    else low = middle + 1
  }
  return low
}
