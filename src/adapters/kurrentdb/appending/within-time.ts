import { silentFor } from '../client/take-events.ts'

/** What a call of the client gives, when it comes in time: the client itself may wait for ever. */
export async function withinTime<Result>(
  running: Promise<Result>,
  timeoutMs: number,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(silentFor(timeoutMs))
    }, timeoutMs)
  })
  running.catch(() => undefined) // it may fail after its time, with nobody waiting
  try {
    return await Promise.race([running, late])
  } finally {
    clearTimeout(timer)
  }
}
