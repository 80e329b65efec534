import type { Checkpoint } from '../../event-store/checkpoint.ts'
import type { CommandOutcome } from '../../event-store/event-reader.ts'
import type {
  AppendVerdict,
  EventStorage,
  EventStorageCapabilities,
  LogRange,
  StorageAppend,
  StoredLogPage,
  StreamRange,
} from '../../event-store/event-storage.ts'
import { globalPosition } from '../../event-store/global-position.ts'
import { StoreRewoundError } from '../../event-store/store-rewound-error.ts'
import type { StoredEvent } from '../../event-store/stored-event.ts'
import { categoryOf, type StreamId } from '../../event-store/stream-id.ts'
import { MemoryStream } from './memory-stream.ts'
import { StreamDirectory } from './stream-directory.ts'

/**
 * Event storage in the memory of this process, for tests and trials: as exact as the durable ones, gone when the process ends.
 *
 * An append runs in one turn of the event loop, so nothing comes between its checks and its writes. Position N is the Nth
 * event of the log: no gaps, and a page begins where its checkpoint says without looking at what stands before.
 */
export class MemoryEventStorage implements EventStorage {
  readonly capabilities: EventStorageCapabilities = { appendAll: true }
  readonly #log: StoredEvent[] = []
  readonly #streams = new Map<StreamId, MemoryStream>()
  readonly #directory = new StreamDirectory()
  readonly #now: () => Date

  /** @param options.now gives `recordedAt`. Default: the clock of this machine. */
  constructor(options: { readonly now?: (() => Date) | undefined } = {}) {
    this.#now = options.now ?? (() => new Date())
  }

  async append(appends: readonly StorageAppend[]): Promise<readonly AppendVerdict[]> {
    const known = appends.map((append) => this.#streamOf(append.streamId).verdictOn(append))
    const isRefused = known.some(
      (verdict) => verdict !== undefined && verdict.status !== 'appended',
    )
    if (isRefused) return known.map((verdict) => verdict ?? { status: 'not-written' })
    const recordedAtMs = this.#now().getTime()
    return appends.map((append, index) => known[index] ?? this.#write(append, recordedAtMs))
  }

  async readStreamPage(
    streamId: StreamId,
    range: StreamRange,
    take: (event: StoredEvent) => void,
  ): Promise<number> {
    const stream = this.#streamOf(streamId)
    stream.page(range).forEach(take)
    return stream.version
  }

  async readAllPage(range: LogRange): Promise<StoredLogPage> {
    const { after, until, limit } = range
    const head = checkpointOf(this.#log.at(-1))
    if (after !== undefined && !this.#holds(after)) throw new StoreRewoundError(after, head)
    const first = Number(after?.position ?? 0)
    const end = Number(minimum(until, this.#log.length))
    const events = pick(this.#log, { first, end, limit, matches: matcher(range) })
    const isFull = events.length === limit
    if (isFull) return { events, through: checkpointOf(events.at(-1)), head, isFull }
    return { events, through: end > first ? checkpointOf(this.#log[end - 1]) : after, head, isFull }
  }

  async head(): Promise<Checkpoint | undefined> {
    return checkpointOf(this.#log.at(-1))
  }

  async contains(checkpoint: Checkpoint): Promise<boolean> {
    return this.#holds(checkpoint)
  }

  async streamsPage(
    category: string,
    range: { readonly after: StreamId | undefined; readonly limit: number },
  ): Promise<readonly StreamId[]> {
    return this.#directory.page(category, range)
  }

  async findCommand(streamId: StreamId, commandId: string): Promise<CommandOutcome | undefined> {
    return this.#streamOf(streamId).findCommand(commandId)
  }

  /** An unwritten stream is not kept: asking for one leaves no trace. */
  #streamOf(streamId: StreamId): MemoryStream {
    return this.#streams.get(streamId) ?? new MemoryStream()
  }

  #holds({ position, eventId }: Checkpoint): boolean {
    return this.#log[Number(position) - 1]?.id === eventId
  }

  #write(append: StorageAppend, recordedAtMs: number): AppendVerdict {
    const { streamId, events, commandId } = append
    const stream = this.#streamOf(streamId)
    if (events.length === 0)
      return { status: 'appended', version: stream.version, positions: [], recordedAtMs: undefined }
    if (stream.version === 0) {
      this.#streams.set(streamId, stream)
      this.#directory.add(streamId)
    }
    const positions = events.map((event) => {
      const { id, type, schemaVersion, data, metadata, occurredAtMs = recordedAtMs } = event
      const position = globalPosition(this.#log.length + 1)
      const version = stream.version + 1
      const stored = {
        streamId,
        version,
        position,
        id,
        type,
        schemaVersion,
        data,
        metadata,
        occurredAtMs,
        recordedAtMs,
      }
      this.#log.push(stored)
      stream.push(stored)
      return position
    })
    if (commandId !== undefined) stream.rememberCommand(commandId)
    return { status: 'appended', version: stream.version, positions, recordedAtMs }
  }
}

function checkpointOf(event: StoredEvent | undefined): Checkpoint | undefined {
  return event && { position: event.position, eventId: event.id }
}

function minimum(until: bigint | undefined, length: number): bigint | number {
  return until !== undefined && until < length ? until : length
}

function matcher({ types, categories }: LogRange): ((event: StoredEvent) => boolean) | undefined {
  if (types === undefined && categories === undefined) return undefined
  const typeSet = types && new Set(types)
  const categorySet = categories && new Set(categories)
  return ({ type, streamId }) =>
    (typeSet === undefined || typeSet.has(type)) &&
    (categorySet === undefined || categorySet.has(categoryOf(streamId)))
}

function pick(
  log: readonly StoredEvent[],
  range: {
    readonly first: number
    readonly end: number
    readonly limit: number
    readonly matches: ((event: StoredEvent) => boolean) | undefined
  },
): readonly StoredEvent[] {
  const { first, end, limit, matches } = range
  if (matches === undefined) return log.slice(first, Math.min(end, first + limit))
  const picked: StoredEvent[] = []
  for (let index = first; index < end && picked.length < limit; index++) {
    const event = log[index] as StoredEvent
    if (matches(event)) picked.push(event)
  }
  return picked
}
