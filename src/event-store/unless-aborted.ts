import { setMaxListeners } from 'node:events'

/**
 * Waits for `running`, or rejects with what `reasonOf` gives as soon as the signal aborts. `running` goes on then, and what becomes of it is ignored.
 *
 * @param reasonOf default: the reason of the signal.
 */
export function unlessAborted<Result>(
  running: Promise<Result>,
  signal: AbortSignal | undefined,
  reasonOf: (signal: AbortSignal) => Error = ({ reason }) => reason as Error,
): Promise<Result> {
  return signal === undefined ? running : race(running, signal, reasonOf)
}

async function race<Result>(
  running: Promise<Result>,
  signal: AbortSignal,
  reasonOf: (signal: AbortSignal) => Error,
): Promise<Result> {
  let onAbort = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      reject(reasonOf(signal))
    }
    setMaxListeners(0, signal) // one for each call that is under way is no leak
    signal.addEventListener('abort', onAbort)
  })
  try {
    if (signal.aborted) throw reasonOf(signal)
    return await Promise.race([running, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
    running.catch(() => undefined) // after an abort nobody awaits it
  }
}
