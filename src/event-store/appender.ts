import type { AppendResult, StreamAppend } from './append.ts'
import { AppendAttempts } from './append-attempts.ts'
import { CommandRepeatedError } from './command-repeated-error.ts'
import type { EventEncoder } from './event-encoder.ts'
import type { AppendVerdict, EventStorage, StorageAppend } from './event-storage.ts'
import { checkExpectedVersion } from './expected-version.ts'
import { OutcomeUnknownError } from './outcome-unknown-error.ts'
import { parseStreamId } from './stream-id.ts'
import { StreamTurns } from './stream-turns.ts'
import { unlessAborted } from './unless-aborted.ts'
import { WrongExpectedVersionError } from './wrong-expected-version-error.ts'

/** What an `Appender` uses of a storage. */
export type AppendStorage = Pick<EventStorage, 'append' | 'capabilities'>

export interface AppenderOptions {
  /** How long an append is repeated, in milliseconds from its call; 0: never. */
  readonly deadlineMs: number
  /** Called after each append that was written, or was before. */
  readonly onAppended?: () => void
}

/** Checks, encodes and writes appends: those to one stream in the order of their calls. */
export class Appender {
  readonly #storage: AppendStorage
  readonly #encoder: EventEncoder
  readonly #options: AppenderOptions
  readonly #turns = new StreamTurns()

  constructor(storage: AppendStorage, encoder: EventEncoder, options: AppenderOptions) {
    this.#storage = storage
    this.#encoder = encoder
    this.#options = options
  }

  async append(append: StreamAppend, signal?: AbortSignal): Promise<AppendResult> {
    signal?.throwIfAborted()
    const encoded = this.#encode(append)
    const [verdict] = await this.#write([encoded], signal)
    const result = resultOf(verdict as AppendVerdict, encoded)
    if (result instanceof Error) throw result
    this.#options.onAppended?.()
    return result as AppendResult
  }

  async appendAll(
    appends: readonly StreamAppend[],
    signal?: AbortSignal,
  ): Promise<readonly AppendResult[]> {
    const { appendAll } = this.#storage.capabilities
    if (appendAll !== true)
      throw new TypeError(
        `This store cannot append to several streams at once: ${appendAll.unsupported}`,
      )
    const ids = appends.map(({ streamId }) => streamId)
    const repeated = ids.find((id, index) => ids.indexOf(id) < index)
    if (repeated !== undefined)
      throw new TypeError(
        `Stream '${repeated}' is named twice in one appendAll. Put its events into one entry.`,
      )
    signal?.throwIfAborted()
    if (appends.length === 0) return []
    const encoded = appends.map((append) => this.#encode(append))
    const verdicts = await this.#write(encoded, signal)
    const results = verdicts.map((verdict, index) =>
      resultOf(verdict, encoded[index] as StorageAppend),
    )
    const refusal = results.find((result) => result instanceof Error)
    if (refusal !== undefined) throw refusal
    this.#options.onAppended?.()
    return results as readonly AppendResult[]
  }

  #write(
    appends: readonly StorageAppend[],
    signal: AbortSignal | undefined,
  ): Promise<readonly AppendVerdict[]> {
    const { deadlineMs } = this.#options
    const attempts = new AppendAttempts(this.#storage, appends, { deadlineMs, signal })
    const ids = appends.map(({ streamId }) => streamId)
    const writing = this.#turns.take(ids, () => attempts.run())
    return unlessAborted(writing, signal, ({ reason }) =>
      attempts.mayBeWritten ? new OutcomeUnknownError(ids, { cause: reason }) : (reason as Error),
    )
  }

  #encode({ streamId, events, expectedVersion, commandId }: StreamAppend): StorageAppend {
    parseStreamId(streamId)
    checkExpectedVersion(expectedVersion)
    if (commandId !== undefined) checkCommandId(commandId)
    return {
      streamId,
      events: events.map((event) => this.#encoder.encode(streamId, event, commandId)),
      expectedVersion,
      commandId,
    }
  }
}

function checkCommandId(commandId: string): void {
  if (
    commandId !== '' &&
    commandId.length <= 255 &&
    !commandId.includes('\u0000') &&
    commandId.isWellFormed()
  )
    return
  throw new TypeError(
    `Command id '${commandId.slice(0, 60)}' is unusable: use 1 to 255 characters without U+0000 and halves of surrogate pairs.`,
  )
}

function resultOf(verdict: AppendVerdict, append: StorageAppend): AppendResult | Error | undefined {
  const { streamId, expectedVersion: expected, commandId = '' } = append
  switch (verdict.status) {
    case 'appended': {
      const { version, positions, recordedAtMs } = verdict
      const recordedAt = recordedAtMs === undefined ? undefined : new Date(recordedAtMs)
      return { version, position: positions.at(-1), positions, recordedAt }
    }
    case 'wrong-version': {
      const { actual, overlap } = verdict
      return new WrongExpectedVersionError(streamId, { expected, actual, overlap })
    }
    case 'command-repeated':
      return new CommandRepeatedError(streamId, { commandId, ...verdict })
    default:
      return undefined
  }
}
