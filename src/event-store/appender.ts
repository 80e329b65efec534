import { setTimeout as sleep } from 'node:timers/promises'
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel'
import { EverfoldError } from '../errors.ts'
import type { AppendResult, StreamAppend } from './append.ts'
import { AppendRacedError } from './append-raced-error.ts'
import { CommandRepeatedError } from './command-repeated-error.ts'
import type { EventEncoder } from './event-encoder.ts'
import type { AppendVerdict, EventStorage, StorageAppend } from './event-storage.ts'
import { checkExpectedVersion } from './expected-version.ts'
import { OutcomeUnknownError } from './outcome-unknown-error.ts'
import { parseStreamId } from './stream-id.ts'
import { WrongExpectedVersionError } from './wrong-expected-version-error.ts'

/** Checks, encodes and writes appends, and repeats them until their outcome is known, where that is safe. */
export class Appender {
  readonly #storage: EventStorage
  readonly #encoder: EventEncoder
  readonly #deadlineMs: number
  readonly #onAppended: () => void

  constructor(
    storage: EventStorage,
    encoder: EventEncoder,
    options: { readonly deadlineMs: number; readonly onAppended: () => void },
  ) {
    this.#storage = storage
    this.#encoder = encoder
    this.#deadlineMs = options.deadlineMs
    this.#onAppended = options.onAppended
  }

  async append(append: StreamAppend): Promise<AppendResult> {
    const [result] = await this.#run([append])
    return result as AppendResult
  }

  async appendAll(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
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
    return appends.length === 0 ? [] : this.#run(appends)
  }

  async #run(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
    const encoded = appends.map((append) => this.#encode(append))
    const verdicts = await this.#write(encoded)
    const results = verdicts.map((verdict, index) =>
      resultOf(verdict, encoded[index] as StorageAppend),
    )
    const refusal = results.find((result) => result instanceof Error)
    if (refusal !== undefined) throw refusal
    this.#onAppended()
    return results as readonly AppendResult[]
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

  /** Ids are fixed by now, so a repetition finds what a lost attempt wrote. */
  async #write(appends: readonly StorageAppend[]): Promise<readonly AppendVerdict[]> {
    const isIdempotent = canBeRepeated(appends)
    let lost: unknown
    const deadline = performance.now() + this.#deadlineMs
    const canRepeat = (error: unknown): boolean => {
      if (!EverfoldError.is(error)) return false
      const isLost = error.code === OUTCOME_UNKNOWN
      if (isLost) lost = error
      return performance.now() < deadline && (isLost ? isIdempotent : error.retryable)
    }
    const policy = retry(handleWhen(canRepeat), {
      maxAttempts: Infinity,
      backoff: new ExponentialBackoff({ initialDelay: 20, maxDelay: 1000 }),
    })
    for (let races = 0; ; races++) {
      if (races > 0) await sleep(Math.random() * Math.min(RACE_PAUSE_MS, races))
      const verdicts = await policy
        .execute(() => this.#storage.append(appends))
        .catch((error: unknown) => {
          // An attempt whose reply was lost may have been written, whatever made a later one fail.
          if (lost === undefined || lost === error) throw error
          throw new OutcomeUnknownError(
            appends.map(({ streamId }) => streamId),
            { cause: error },
          )
        })
      if (verdicts.every(({ status }) => status !== 'raced')) return verdicts
      if (performance.now() >= deadline)
        throw new AppendRacedError(
          appends.map(({ streamId }) => streamId),
          this.#deadlineMs,
        )
    }
  }
}

/** Whether a second attempt finds what a lost first one wrote: by the ids of its events, or because it had none to write. */
function canBeRepeated(appends: readonly StorageAppend[]): boolean {
  return appends.every(
    ({ expectedVersion, events }) =>
      expectedVersion !== 'any' &&
      expectedVersion !== 'stream-exists' &&
      (events.length > 0 || appends.length === 1),
  )
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

/** Most that a raced append pauses before it is tried again. */
const RACE_PAUSE_MS = 50

const OUTCOME_UNKNOWN: OutcomeUnknownError['code'] = 'OUTCOME_UNKNOWN'

function resultOf(verdict: AppendVerdict, append: StorageAppend): AppendResult | Error | undefined {
  const { streamId, expectedVersion, commandId = '' } = append
  switch (verdict.status) {
    case 'appended': {
      const { version, positions, recordedAtMs } = verdict
      const recordedAt = recordedAtMs === undefined ? undefined : new Date(recordedAtMs)
      return { version, position: positions.at(-1), positions, recordedAt }
    }
    case 'wrong-version':
      return new WrongExpectedVersionError(streamId, {
        expected: expectedVersion,
        actual: verdict.actual,
      })
    case 'command-repeated':
      return new CommandRepeatedError(streamId, { commandId, ...verdict })
    default:
      return undefined
  }
}
