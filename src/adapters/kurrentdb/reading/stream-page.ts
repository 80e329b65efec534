import type { StreamRange } from '../../../event-store/event-storage.ts'
import type { StoredEvent } from '../../../event-store/stored-event.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'
import { charactersOf } from '../events/characters-of.ts'
import { eventOf } from '../events/stored.ts'
import type { KurrentReader } from './kurrent-reader.ts'

/** A page ends with the event that brings its data to so many characters. */
export const PAGE_CHARACTERS: number = 16 * 1024 * 1024

/** Reads a page of a stream, and tells the stream's version. Links and system events in it are passed over. */
export async function readStreamPage(
  reader: KurrentReader,
  { streamId, range }: { readonly streamId: StreamId; readonly range: StreamRange },
  take: (event: StoredEvent) => void,
): Promise<number> {
  const page = new StreamPage(reader, streamId, take)
  return range.direction === 'forwards' ? page.forwards(range) : page.backwards(range)
}

/** Version of a stream's last event; 0: it is unwritten, or deleted. */
export async function versionOf(reader: KurrentReader, streamId: StreamId): Promise<number> {
  let version = 0
  const end = { from: 'end', direction: 'backwards', maxCount: 1 } as const
  await reader.stream(streamId, end, ({ event, link }) => {
    // A link counts in the stream that holds it.
    const last = (link ?? event) as { readonly revision: bigint } | undefined
    version = Number(last?.revision ?? -1n) + 1
    return false
  })
  return version
}

class StreamPage {
  readonly #reader: KurrentReader
  readonly #streamId: StreamId
  readonly #take: (event: StoredEvent) => void
  #taken = 0
  #characters = 0
  /** Version of the last record seen, taken or not. */
  #seen = 0

  constructor(reader: KurrentReader, streamId: StreamId, take: (event: StoredEvent) => void) {
    this.#reader = reader
    this.#streamId = streamId
    this.#take = take
  }

  async forwards({ fromVersion, toVersion, limit }: StreamRange): Promise<number> {
    const first = Math.max(fromVersion, 1)
    const last = toVersion ?? Infinity
    // With no event taken, what comes next has to be looked at here: the reader would take the stream to be over.
    for (let next = first; next <= last; next = this.#seen + 1) {
      const maxCount = Math.min(limit, last - next + 1)
      const read = await this.#read({ from: BigInt(next - 1), direction: 'forwards', maxCount })
      if (read.how === 'not-found') return 0
      const hasReachedEnd = read.how === 'ended' && read.records < maxCount
      if (hasReachedEnd && this.#seen > 0) return this.#seen
      if (hasReachedEnd || this.#taken > 0) break
    }
    return versionOf(this.#reader, this.#streamId)
  }

  async backwards({ fromVersion, toVersion, limit }: StreamRange): Promise<number> {
    const lowest = Math.max(fromVersion, 1)
    const version =
      toVersion === undefined ? undefined : await versionOf(this.#reader, this.#streamId)
    // Beyond the end, a server looks for as many events as asked for below the revision asked for, and may find none.
    let from = version === undefined ? ('end' as const) : Math.min(toVersion ?? version, version)
    let greatest = version
    while (from === 'end' || from >= lowest) {
      const maxCount: number = from === 'end' ? limit : Math.min(limit, from - lowest + 1)
      const revision = from === 'end' ? from : BigInt(from - 1)
      const read = await this.#read({ from: revision, direction: 'backwards', maxCount }, lowest)
      greatest ??= read.first
      const isOver = read.records < maxCount || this.#seen <= lowest
      if (this.#taken > 0 || isOver) break
      from = this.#seen - 1
    }
    return greatest ?? 0
  }

  /** Takes what is there, and tells how many records came and the version of the first one. */
  async #read(
    range: Parameters<KurrentReader['stream']>[1],
    lowest = 1,
  ): Promise<{ how: string; records: number; first: number }> {
    let records = 0
    let first = 0
    const how = await this.#reader.stream(this.#streamId, range, (resolved) => {
      const record = (resolved.link ?? resolved.event) as { readonly revision: bigint } | undefined
      const version = Number(record?.revision ?? -1n) + 1
      records++
      if (records === 1) first = version
      if (version < lowest) return false
      this.#seen = version
      const event = eventOf(resolved)
      if (event === undefined) return true
      const stored = this.#reader.stored(event)
      this.#taken++
      this.#characters += charactersOf(stored.parsed)
      this.#take(stored)
      return this.#characters < PAGE_CHARACTERS
    })
    return { how, records, first }
  }
}
