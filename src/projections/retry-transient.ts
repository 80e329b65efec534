import { setTimeout as sleep } from 'node:timers/promises'
import { ExponentialBackoff } from 'cockatiel'
import { EverfoldError } from '../errors.ts'

const INITIAL_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 10_000

/**
 * Does something again, for ever, while it fails with what is transient, after jittered pauses that grow from 50 ms to 10 s, or to `longestPauseMs`. `progressed` makes
 * them short again. Any other failure is thrown; when the signal is aborted it returns.
 */
export async function retryTransient(
  work: (progressed: () => void) => Promise<void>,
  options: {
    readonly signal: AbortSignal
    readonly onRetry: (error: Error, pauseMs: number) => void
    readonly longestPauseMs?: number
    /** Default: an Everfold error that says so. */
    readonly isTransient?: (error: unknown) => error is Error
  },
): Promise<void> {
  const { signal, onRetry, isTransient = isRetryable, longestPauseMs = LONGEST_PAUSE_MS } = options
  const growing = new ExponentialBackoff({
    initialDelay: Math.min(INITIAL_PAUSE_MS, longestPauseMs),
    maxDelay: longestPauseMs,
  })
  let failures = 0
  let backoff: Pause = growing.next()
  const attempt = async (): Promise<'done' | 'again'> => {
    try {
      await work(() => {
        failures = 0
      })
      return 'done'
    } catch (error) {
      if (!isTransient(error)) throw error
      if (signal.aborted) return 'done'
      backoff = failures++ === 0 ? growing.next() : backoff.next(undefined)
      onRetry(error, backoff.duration)
      await sleep(backoff.duration, undefined, { signal }).catch(() => undefined)
      return 'again'
    }
  }
  let outcome = await attempt()
  while (outcome === 'again' && !signal.aborted) outcome = await attempt()
}

/** For what another look tells as well. */
export function unlessTransient(error: unknown): void {
  if (!isRetryable(error)) throw error
}

/** Whether doing the same again can succeed. */
export function isRetryable(error: unknown): error is EverfoldError {
  return EverfoldError.is(error) && error.retryable
}

interface Pause {
  readonly duration: number
  next(context: unknown): Pause
}
