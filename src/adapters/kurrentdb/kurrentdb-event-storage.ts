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
import type { StoredEvent } from '../../event-store/stored-event.ts'
import type { StreamId } from '../../event-store/stream-id.ts'
import { AppendSlots } from './appending/append-slots.ts'
import { appendToStream, type AppendContext } from './appending/append-stream.ts'
import { appendToStreams } from './appending/append-streams.ts'
import { checkAppend, checkNotReserved } from './appending/check-append.ts'
import { findCommand } from './appending/find-command.ts'
import { checkClient } from './client/check-client.ts'
import type { KurrentClient } from './client/kurrent-client.ts'
import { LogWatch } from './log-watch.ts'
import { CategoryDirectory } from './reading/category-directory.ts'
import { contains, readFilteredPage } from './reading/filtered-page.ts'
import { KurrentReader } from './reading/kurrent-reader.ts'
import { LogHead } from './reading/log-head.ts'
import { readLogPage, type LogSource } from './reading/log-page.ts'
import { readStreamPage } from './reading/stream-page.ts'

export interface KurrentdbStorageOptions {
  /** Made by `@eventstore/db-client` 6.2 or later, or by `@kurrent/kurrentdb-client` 1.3 or later. The store never disposes of it: whoever made it does. */
  readonly client: KurrentClient
  /** How long the server may say nothing to a call, in milliseconds, before an append's outcome counts as unknown and a read as failed. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /** How many of a stream's last events are looked at for a command id. Default 500. */
  readonly commandLookBack?: number | undefined
  /**
   * `'complete'`: what an append wrote is read back, for the server's reply tells neither its time nor the places of several events. `'brief'`: not after an
   * append of one event; then the result has no `recordedAt`. Default `'complete'`.
   */
  readonly receipts?: 'complete' | 'brief' | undefined
}

const ONE_STREAM = {
  unsupported:
    '@eventstore/db-client appends to one stream at a time. Use @kurrent/kurrentdb-client 1.3 or later and a server from 25.1 on, or one stream.',
}

/** Appends under way at once over one client. */
const APPENDS_AT_ONCE = 100

/**
 * Event storage on KurrentDB and EventStoreDB, 22.6 and later. Positions are commit positions; our versions count from 1, the server's revisions from 0.
 *
 * The server appends atomically and in the order of its log, so that nothing can appear below its end; what it lacks is made here: a time limit of appends, an
 * end to forgotten calls, and the commands.
 */
export class KurrentdbEventStorage implements EventStorage {
  readonly capabilities: EventStorageCapabilities
  readonly #append: AppendContext
  readonly #log: LogSource
  readonly #watch: LogWatch
  readonly #directory: CategoryDirectory
  readonly #slots = new AppendSlots(APPENDS_AT_ONCE)

  /** @throws {BothClientsLoadedError | TypeError} as `checkClient` does; or an option is out of range. */
  constructor(options: KurrentdbStorageOptions) {
    const { client, timeoutMs = 10_000, commandLookBack = 500, receipts } = options
    checkClient(client)
    checkWhole('timeoutMs', timeoutMs)
    checkWhole('commandLookBack', commandLookBack)
    const reader = new KurrentReader(client, timeoutMs)
    this.capabilities = {
      appendAll: client.multiStreamAppend === undefined ? ONE_STREAM : true,
      commandLookBack,
    }
    this.#append = { reader, commandLookBack, isBrief: receipts === 'brief' }
    this.#log = { reader, head: new LogHead(reader) }
    this.#watch = new LogWatch(client)
    this.#directory = new CategoryDirectory(this.#log)
  }

  async append(appends: readonly StorageAppend[]): Promise<readonly AppendVerdict[]> {
    appends.forEach(checkAppend)
    const [append, ...others] = appends
    if (append === undefined) return []
    return this.#slots.take(async () =>
      others.length === 0
        ? [await appendToStream(this.#append, append)]
        : await appendToStreams(this.#append, appends),
    )
  }

  async readStreamPage(
    streamId: StreamId,
    range: StreamRange,
    take: (event: StoredEvent) => void,
  ): Promise<number> {
    checkNotReserved(streamId)
    return readStreamPage(this.#log.reader, { streamId, range }, take)
  }

  async readAllPage(range: LogRange): Promise<StoredLogPage> {
    return range.types === undefined && range.categories === undefined
      ? readLogPage(this.#log, range)
      : readFilteredPage(this.#log, range)
  }

  async head(): Promise<Checkpoint | undefined> {
    return this.#log.head.find()
  }

  async contains(checkpoint: Checkpoint): Promise<boolean> {
    return contains(this.#log, checkpoint)
  }

  async streamsPage(
    category: string,
    range: { readonly after: StreamId | undefined; readonly limit: number },
  ): Promise<readonly StreamId[]> {
    return this.#directory.page(category, range)
  }

  async findCommand(streamId: StreamId, commandId: string): Promise<CommandOutcome | undefined> {
    const { reader, commandLookBack: lookBack } = this.#append
    const { outcome } = await findCommand(reader, { streamId, commandId, lookBack })
    return outcome
  }

  watch(wake: () => void): () => void {
    return this.#watch.add(wake)
  }
}

function checkWhole(option: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > 2 ** 31 - 1)
    throw new RangeError(`${option} is ${value}. Use a whole number from 1.`)
}
