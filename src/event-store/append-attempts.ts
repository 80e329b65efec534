import { setTimeout as sleep } from 'node:timers/promises'
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel'
import { EverfoldError } from '../errors.ts'
import { AppendRacedError } from './append-raced-error.ts'
import type { AppendVerdict, EventStorage, StorageAppend } from './event-storage.ts'
import { OutcomeUnknownError } from './outcome-unknown-error.ts'
import type { StreamId } from './stream-id.ts'

export interface AttemptLimits {
  /** Milliseconds from the call on; 0: one attempt, whenever its turn comes. */
  readonly deadlineMs: number
  readonly signal: AbortSignal | undefined
}

/** Repeats one append until its outcome is known, where that is safe. Its ids are fixed, so a repetition finds what a lost attempt wrote. */
export class AppendAttempts {
  readonly #storage: Pick<EventStorage, 'append'>
  readonly #appends: readonly StorageAppend[]
  readonly #limits: AttemptLimits
  readonly #deadline: number
  #isUnderWay = false
  /** Why the reply of an earlier attempt never came: that one may have been written, whatever becomes of later ones. */
  #lost: unknown

  constructor(
    storage: Pick<EventStorage, 'append'>,
    appends: readonly StorageAppend[],
    limits: AttemptLimits,
  ) {
    this.#storage = storage
    this.#appends = appends
    this.#limits = limits
    this.#deadline = performance.now() + limits.deadlineMs
  }

  /** Whether an attempt may have been written, or still may be. */
  get mayBeWritten(): boolean {
    return this.#isUnderWay || this.#lost !== undefined
  }

  get #streamIds(): readonly StreamId[] {
    return this.#appends.map(({ streamId }) => streamId)
  }

  async run(): Promise<readonly AppendVerdict[]> {
    const { deadlineMs } = this.#limits
    // Whoever has waited too long for the appends before it to the same stream is not sent any more.
    if (deadlineMs > 0 && this.#isLate) throw new AppendRacedError(this.#streamIds, deadlineMs)
    for (let races = 0; ; races++) {
      let verdicts: readonly AppendVerdict[]
      try {
        verdicts = await this.#send()
      } catch (error) {
        verdicts = await this.#repeat(error as Error)
      }
      if (!verdicts.some(isRaced)) return verdicts
      if (this.#isLate)
        throw this.#lost === undefined
          ? new AppendRacedError(this.#streamIds, deadlineMs)
          : new OutcomeUnknownError(this.#streamIds, { cause: this.#lost })
      await sleep(Math.random() * Math.min(RACE_PAUSE_MS, races))
    }
  }

  get #isLate(): boolean {
    return performance.now() >= this.#deadline
  }

  async #send(): Promise<readonly AppendVerdict[]> {
    this.#limits.signal?.throwIfAborted()
    this.#isUnderWay = true
    try {
      const verdicts = await this.#storage.append(this.#appends)
      // What is written stays so until its caller is told.
      this.#isUnderWay = verdicts.some(({ status }) => status === 'appended')
      return verdicts
    } catch (error) {
      this.#isUnderWay = false
      if (isOutcomeUnknown(error)) this.#lost = error
      throw error
    }
  }

  /** Made only after a failure: a policy costs more than all else that an append does here. */
  async #repeat(failure: Error): Promise<readonly AppendVerdict[]> {
    const canRepeat = (error: unknown): boolean => {
      if (!EverfoldError.is(error) || this.#isLate || this.#limits.signal?.aborted === true)
        return false
      return isOutcomeUnknown(error) ? isIdempotent(this.#appends) : error.retryable
    }
    const policy = retry(handleWhen(canRepeat), {
      maxAttempts: Infinity,
      backoff: new ExponentialBackoff({ initialDelay: 20, maxDelay: 1000 }),
    })
    try {
      return await policy.execute(({ attempt }) =>
        attempt === 0 ? Promise.reject(failure) : this.#send(),
      )
    } catch (error) {
      if (this.#lost === undefined || isOutcomeUnknown(error)) throw error
      throw new OutcomeUnknownError(this.#streamIds, { cause: error })
    }
  }
}

function isRaced({ status }: AppendVerdict): boolean {
  return status === 'raced'
}

/** Most that a raced append pauses before it is tried again. */
const RACE_PAUSE_MS = 50

function isOutcomeUnknown(error: unknown): boolean {
  const code: OutcomeUnknownError['code'] = 'OUTCOME_UNKNOWN'
  return EverfoldError.is(error) && error.code === code
}

/** Whether a second attempt finds what a lost first one wrote: by the ids of its events, or because it had none to write. */
function isIdempotent(appends: readonly StorageAppend[]): boolean {
  return appends.every(
    ({ expectedVersion, events }) =>
      expectedVersion !== 'any' &&
      expectedVersion !== 'stream-exists' &&
      (events.length > 0 || appends.length === 1),
  )
}
