import { EverfoldError } from '../../../errors.ts'

/** The client was not connected yet, or was closed. Nothing was sent. */
export class RedisClosedError extends EverfoldError {
  readonly code = 'REDIS_CLOSED'
  readonly retryable = false

  constructor(options?: ErrorOptions) {
    super(
      'The Redis client is closed. Call `await client.connect()` before it is used, and close it after the runner has stopped.',
      options,
    )
  }
}
