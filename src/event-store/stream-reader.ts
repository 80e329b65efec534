import type { EventDecoder } from './event-decoder.ts'
import type { ReadStreamOptions, StreamPage, StreamsOptions } from './event-reader.ts'
import type { EventStorage, StreamRange } from './event-storage.ts'
import { isVersion } from './expected-version.ts'
import { held } from './held.ts'
import { InvalidVersionError } from './invalid-version-error.ts'
import { nextTurn } from './next-turn.ts'
import { checkPageSize } from './page-size.ts'
import type { RecordedEvent } from './recorded-event.ts'
import { parseStreamId, type StreamId } from './stream-id.ts'
import { unlessAborted } from './unless-aborted.ts'

/** Reads a stream page by page; the next page is asked for before the current one is handed on. Events are decoded as they arrive. */
export async function* readStream(
  storage: EventStorage,
  decoder: EventDecoder,
  options: ReadStreamOptions & { readonly streamId: StreamId },
): AsyncGenerator<StreamPage> {
  const { streamId, direction = 'forwards', signal } = options
  const { fromVersion = 1, toVersion, maxCount = Infinity } = options
  parseStreamId(streamId)
  checkBound('fromVersion', fromVersion)
  if (toVersion !== undefined) checkBound('toVersion', toVersion)
  if (!(maxCount >= 1 && (maxCount === Infinity || Number.isInteger(maxCount))))
    throw new RangeError(`maxCount is ${maxCount}. Use a whole number from 1.`)
  const pageSize = Math.min(checkPageSize(options.pageSize), maxCount)

  let range = { fromVersion, toVersion, direction, limit: pageSize }
  let left = maxCount
  signal?.throwIfAborted()
  const page = { storage, decoder, streamId }
  let coming: ReturnType<typeof readPage> | undefined = readPage(page, range)
  while (coming !== undefined) {
    const { last, count, ...read } = await unlessAborted(coming, signal)
    left -= count
    coming = undefined
    if (last !== undefined && left > 0) {
      const limit = Math.min(pageSize, left)
      range =
        direction === 'forwards'
          ? { ...range, limit, fromVersion: last + 1 }
          : { ...range, limit, toVersion: last - 1 }
      const isLast =
        direction === 'forwards'
          ? last >= Math.min(toVersion ?? read.version, read.version)
          : last <= Math.max(fromVersion, 1)
      if (!isLast) {
        coming = held(readPage(page, range))
        await nextTurn()
      }
    }
    yield read
  }
}

async function readPage(
  { storage, decoder, streamId }: PageSource,
  range: StreamRange,
): Promise<DecodedPage> {
  const events: RecordedEvent[] = []
  let last: number | undefined
  let count = 0
  const version = await storage.readStreamPage(streamId, range, (stored) => {
    last = stored.version
    count++
    const before = events.length
    decoder.decodeOfStream(stored, events)
    if (range.direction === 'backwards' && events.length > before + 1)
      events.push(...events.splice(before).reverse())
  })
  return { events, last, count, version }
}

interface PageSource {
  readonly storage: EventStorage
  readonly decoder: EventDecoder
  readonly streamId: StreamId
}

interface DecodedPage extends StreamPage {
  /** Version of the last event that was stored in the page; undefined: there was none. */
  readonly last: number | undefined
  /** How many events were stored in the page. */
  readonly count: number
}

/** Lists the streams of a category page by page. */
export async function* readStreams(
  storage: EventStorage,
  category: string,
  options: StreamsOptions = {},
): AsyncGenerator<readonly StreamId[]> {
  const limit = checkPageSize(options.pageSize)
  let after = options.after
  for (;;) {
    options.signal?.throwIfAborted()
    const page = await unlessAborted(
      storage.streamsPage(category, { after, limit }),
      options.signal,
    )
    if (page.length > 0) yield page
    if (page.length < limit) return
    after = page.at(-1)
  }
}

function checkBound(option: string, version: number): void {
  if (!isVersion(version))
    throw new InvalidVersionError(option, version, 'a whole number: versions count from 1')
}
