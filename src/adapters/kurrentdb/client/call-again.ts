import { isHealing, type Failure } from './failure.ts'
import type { KurrentResolvedEvent } from './kurrent-client.ts'

/** Gives false when it has enough. */
export type Take = (resolved: KurrentResolvedEvent) => boolean

/** The call failed, not the taker of its events. */
export class CallFailed extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}

/**
 * Makes a call for events, and once more where it failed before its first event and the client heals itself with the next one: a connection was lost, or another
 * server leads now.
 *
 * @param call throws `CallFailed` when it fails. What `take` throws is passed on.
 * @param errorOf makes the error of a failed call.
 */
export async function callAgain<Result>(
  call: (take: Take) => Promise<Result>,
  take: Take,
  errorOf: (failure: Failure) => Error,
): Promise<Result> {
  const progress = { hasTaken: false }
  const taking: Take = (resolved) => {
    progress.hasTaken = true
    return take(resolved)
  }
  for (let attempt = 1; ; attempt++)
    try {
      return await call(taking)
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error
      const { failure } = error
      if (progress.hasTaken || attempt === 2 || !isHealing(failure)) throw errorOf(failure)
    }
}
