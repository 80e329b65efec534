import { setTimeout as sleep } from 'node:timers/promises'
import { ExponentialBackoff } from 'cockatiel'
import { EverfoldError } from '../errors.ts'

const BACKOFF = new ExponentialBackoff({ initialDelay: 50, maxDelay: 10_000 })

/**
 * Does something again, for ever, while it fails with what is transient, after jittered pauses that grow from 50 ms to 10 s. `progressed` makes
 * them short again. Any other failure is thrown; when the signal is aborted it returns.
 */
export async function retryTransient(
  work: (progressed: () => void) => Promise<void>,
  options: {
    readonly signal: AbortSignal
    readonly onRetry: (error: EverfoldError, pauseMs: number) => void
  },
): Promise<void> {
  const { signal, onRetry } = options
  let failures = 0
  let backoff: Pause = BACKOFF.next()
  const attempt = async (): Promise<'done' | 'again'> => {
    try {
      await work(() => {
        failures = 0
      })
      return 'done'
    } catch (error) {
      if (!EverfoldError.is(error) || !error.retryable) throw error
      if (signal.aborted) return 'done'
      backoff = failures++ === 0 ? BACKOFF.next() : backoff.next(undefined)
      onRetry(error, backoff.duration)
      await sleep(backoff.duration, undefined, { signal }).catch(() => undefined)
      return 'again'
    }
  }
  let outcome = await attempt()
  while (outcome === 'again' && !signal.aborted) outcome = await attempt()
}

interface Pause {
  readonly duration: number
  next(context: unknown): Pause
}
