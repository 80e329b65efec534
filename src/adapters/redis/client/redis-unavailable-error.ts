import { EverfoldError } from '../../../errors.ts'

/** Redis could not be reached, was lost before it replied, or cannot do what it is asked at the moment. */
export class RedisUnavailableError extends EverfoldError {
  readonly code = 'REDIS_UNAVAILABLE'
  readonly retryable = true

  constructor(options: { readonly cause: Error }) {
    super(
      `Redis did not answer as it does when it is well: ${options.cause.message || options.cause.constructor.name}. What was asked may have been done; a runner looks, and tries again.`,
      options,
    )
  }
}
